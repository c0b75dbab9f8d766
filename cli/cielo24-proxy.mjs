#!/usr/bin/env node
import { existsSync } from "node:fs";
import { URL } from "node:url";

// In the repository the source runs as it is. A package holds what was built of it: Node strips no types there.
const source = new URL("main.ts", import.meta.url);
await import(existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href);
