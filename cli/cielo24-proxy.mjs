#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import process from "node:process";
import { URL } from "node:url";

// Halves the time to start; Node 20 has none.
module.enableCompileCache?.();

// In the repository the source runs as it is. A package holds what was built of it: Node strips no types there.
const source = new URL("main.ts", import.meta.url);
if (!existsSync(source)) await import(new URL("../dist/cli/main.js", import.meta.url).href);
else if (process.features.typescript) await import(source.href);
else {
  process.stderr.write("This Node does not run TypeScript. In the repository: npx cielo24-proxy\n");
  process.exitCode = 1;
}
