#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import process from "node:process";
import { URL } from "node:url";

// Halves the time to start. Node 20 lacks it.
module.enableCompileCache?.();

// The operators' program needs the whole project, and is not in the package.
const isOps = process.argv[2] === "ops";
// The repository runs the sources. The package holds a build of them, as Node strips no types below node_modules.
const source = new URL(isOps ? "../ops/main.ts" : "main.ts", import.meta.url);
if (existsSync(source) && process.features.typescript) await import(source.href);
else if (existsSync(source)) {
  process.stderr.write("This Node does not run TypeScript. In the repository: npx cielo24-proxy\n");
  process.exitCode = 1;
} else if (isOps) {
  process.stderr.write(
    "Not possible\n  This is the uploaders' package, without the operators' program.\n  In a checkout of the project: npm ci && npx cielo24-proxy ops\n",
  );
  process.exitCode = 2;
} else await import(new URL("../dist/cli/main.js", import.meta.url).href);
