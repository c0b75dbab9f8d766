#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import process from "node:process";
import { URL } from "node:url";

// Halves the time to start. Node 20 lacks it.
module.enableCompileCache?.();

// The repository runs the sources. The package holds a build of them, as Node strips no types below node_modules.
const source = new URL("main.ts", import.meta.url);
if (!existsSync(source)) await import(new URL("../dist/cli/main.js", import.meta.url).href);
else if (process.features.typescript) await import(source.href);
else {
  process.stderr.write("This Node does not run TypeScript. In the repository: npx cielo24-proxy\n");
  process.exitCode = 1;
}
