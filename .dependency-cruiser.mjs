const ships = "^(functions|lib)/";

export default {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "functions-use-lib-alone",
      comment: "A function never imports another function, nor anything that does not ship.",
      severity: "error",
      from: { path: "^functions/([^/]+)/" },
      to: { path: "^(functions|dev|test|bench|scripts)/", pathNot: "^functions/$1/" },
    },
    {
      name: "lib-does-not-know-functions",
      severity: "error",
      from: { path: "^lib/" },
      to: { path: "^(functions|dev|test|bench|scripts)/" },
    },
    {
      name: "what-ships-has-its-dependencies",
      comment: "Whatever ships may import no development dependency, but for types.",
      severity: "error",
      from: { path: ships },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "pure-cores",
      comment: "The machine, its transitions and the keys know no AWS, no HTTP and no configuration.",
      severity: "error",
      from: {
        path: "^lib/(job-id|delivery/(state|machine|moves|reader|claimant|reasons|transitions|row|uploading|pace)|media/(key|media-url|no-media))\\.ts$",
      },
      to: {
        pathNot:
          "^(lib/(job-id|delivery/(state|machine|moves|reader|claimant|reasons|transitions|row|uploading|pace)|media/(key|media-url|no-media))\\.ts|node:(crypto|net|buffer)|crypto|net|buffer)$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "only-cielo24-knows-the-token",
      severity: "error",
      from: { path: "^(functions|lib)/", pathNot: "^lib/cielo24/" },
      to: { path: "^lib/cielo24/", pathNot: "^lib/cielo24/(client|errors|connect)\\.ts$" },
    },
    {
      name: "client-stands-alone",
      comment: "It runs in browsers, and whoever installs it gets nothing with it.",
      severity: "error",
      from: { path: "^client/" },
      to: { pathNot: "^client/" },
    },
    {
      name: "command-line-uses-the-client-alone",
      severity: "error",
      from: { path: "^cli/" },
      to: { path: "^(functions|lib|dev|test|bench|scripts|web)/" },
    },
    {
      name: "what-ships-does-not-know-its-clients",
      severity: "error",
      from: { path: ships },
      to: { path: "^(client|cli)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
