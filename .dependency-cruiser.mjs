const ships = "^(functions|lib)/";

/** The rooms of `lib/`, in the only order in which one may import another: from those before it. */
const rooms = [
  "(config|defined|job-id|json|sha256)\\.ts$",
  "(runtime|observability|aws-client)\\.ts$",
  "media/",
  "cielo24/",
  "delivery/",
  "http/",
];
const oneWay = rooms.slice(0, -1).map((room, at) => ({
  name: "rooms-in-order",
  comment: "config, runtime, media, cielo24, delivery, http: none knows one behind it.",
  severity: "error",
  from: { path: `^lib/${room}` },
  to: { path: rooms.slice(at + 1).map((behind) => `^lib/${behind}`) },
}));

/** Folders that nobody needs to open: each has one entry. */
const doors = [
  ["media/reading", "object-body"],
  ["media/preflight", "preflight"],
  ["cielo24/transport", "transport"],
].map(([folder, entry]) => ({
  name: `${folder.replace("/", "-")}-has-one-door`,
  severity: "error",
  from: { path: "^(functions|lib|client|cli|web)/", pathNot: `^lib/${folder}/` },
  to: { path: `^lib/${folder}/`, pathNot: `^lib/${folder}/${entry}\\.ts$` },
}));

export default {
  forbidden: [
    {
      name: "no-circles",
      comment: "Imports of types count: a part must not look up at the whole.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "functions-use-lib-alone",
      comment: "A function never imports another function, nor anything that does not ship.",
      severity: "error",
      from: { path: "^functions/([^/]+)/" },
      to: { path: "^(functions|dev|ops|test|bench|scripts)/", pathNot: "^functions/$1/" },
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
    ...oneWay,
    {
      name: "every-file-has-a-room",
      comment: "A file in none of the rooms would escape their order.",
      severity: "error",
      from: {},
      to: { path: "^lib/", pathNot: rooms.map((room) => `^lib/${room}`) },
    },
    {
      name: "delivery-does-not-know-its-adapters",
      severity: "error",
      from: { path: "^lib/delivery/", pathNot: "^lib/delivery/aws/" },
      to: { path: "^lib/delivery/aws/" },
    },
    {
      name: "page-uses-the-client-alone",
      comment: "Files are looked at before they go up by the same code as afterwards.",
      severity: "error",
      from: { path: "^web/" },
      to: {
        path: "^(functions|lib|cli|dev|test|bench|scripts)/",
        pathNot: "^lib/media/(names|preflight/preflight)\\.ts$",
      },
    },
    {
      name: "pure-machine",
      comment:
        "The delivery machine knows no AWS, no HTTP and no configuration: test/model explores the code that runs.",
      severity: "error",
      from: { path: "^lib/delivery/machine/" },
      to: { pathNot: "^lib/(delivery/machine/|defined\\.ts$|media/key\\.ts$)" },
    },
    {
      name: "pure-names",
      comment: "Names of jobs and objects, and what is read out of a URL, need nothing but themselves.",
      severity: "error",
      from: { path: "^lib/(job-id|media/(key|media-url|sameness))\\.ts$" },
      to: {
        pathNot: "^(lib/(job-id|media/(key|names))\\.ts|(node:)?(crypto|net))$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "names-run-in-browsers",
      severity: "error",
      from: { path: "^lib/media/names\\.ts$" },
      to: { path: "." },
    },
    ...doors,
    {
      name: "preflight-runs-in-browsers",
      comment: "The page and the command line look at local files by it, so it needs nothing of Node.",
      severity: "error",
      from: { path: "^lib/media/(preflight/|no-media\\.ts$)" },
      to: { pathNot: "^(lib/media/(preflight/|no-media\\.ts$)|node_modules/mediabunny/)" },
    },
    {
      name: "only-cielo24-knows-the-token",
      severity: "error",
      from: { path: "^(functions|lib)/", pathNot: "^lib/cielo24/" },
      to: { path: "^lib/cielo24/", pathNot: "^lib/cielo24/(api|client)\\.ts$" },
    },
    {
      name: "client-stands-alone",
      comment: "It runs in browsers, and whoever installs it gets nothing with it.",
      severity: "error",
      from: { path: "^client/", pathNot: "^client/uppy/" },
      to: { pathNot: "^client/" },
    },
    {
      name: "client-does-not-know-its-plugin",
      severity: "error",
      from: { path: "^client/", pathNot: "^client/uppy/" },
      to: { path: "^client/uppy/" },
    },
    {
      name: "uppy-plugin-uses-client-and-core",
      comment: "Applications that use it have Uppy's core, whatever else of Uppy they have.",
      severity: "error",
      from: { path: "^client/uppy/" },
      to: { pathNot: "^(client/|node_modules/@uppy/core/)" },
    },
    {
      name: "command-line-uses-the-client-alone",
      severity: "error",
      comment: "Files are looked at before they go up by the same code as afterwards.",
      from: { path: "^cli/" },
      to: {
        path: "^(functions|lib|dev|test|bench|scripts|web)/",
        pathNot: "^lib/media/(names|preflight/preflight)\\.ts$",
      },
    },
    {
      name: "operators-program-does-not-know-the-local-stack",
      comment: "It asks a stage on AWS and the local one in the same way.",
      severity: "error",
      from: { path: "^ops/" },
      to: { path: "^(dev|test|bench|web)/" },
    },
    {
      name: "uploaders-program-does-not-know-the-operators",
      severity: "error",
      from: { path: "^(client|cli|web)/" },
      to: { path: "^ops/" },
    },
    {
      name: "what-ships-does-not-know-its-clients",
      severity: "error",
      from: { path: ships },
      to: { path: "^(client|cli|ops|web)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
