import { globSync, readFileSync } from "node:fs";

/** Prints the lines of what runs in Lambda, the size of which is kept to an afternoon's reading. */
const TARGET = 3000;

let total = 0;
for (const folder of ["functions", "lib"]) {
  const files = globSync(`${folder}/**/*.ts`);
  const lines = files.reduce((sum, file) => sum + readFileSync(file, "utf8").split("\n").length - 1, 0);
  console.log(`${folder.padEnd(10)} ${String(files.length).padStart(4)} files ${String(lines).padStart(6)} lines`);
  total += lines;
}
console.log(`together   ${String(total).padStart(18)} lines (target: ${TARGET})`);
