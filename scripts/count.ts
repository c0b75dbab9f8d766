import { globSync, readFileSync } from "node:fs";

/** Prints the lines of what runs in Lambda, which is to be read in an afternoon: all of them, and those that are code. */
const TARGET = 3000;

const isCode = (line: string): boolean => !/^\s*(\/\/|\/?\*|$)/.test(line);
const show = (name: string, files: number, lines: number, code: number) => {
  console.log(
    `${name.padEnd(10)} ${String(files).padStart(3)} files ${String(lines).padStart(6)} lines ${String(code).padStart(6)} of code`,
  );
};

const total = { files: 0, lines: 0, code: 0 };
for (const folder of ["functions", "lib"]) {
  const files = globSync(`${folder}/**/*.ts`);
  const lines = files.flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"));
  const code = lines.filter(isCode).length;
  show(folder, files.length, lines.length, code);
  total.files += files.length;
  total.lines += lines.length;
  total.code += code;
}
show("together", total.files, total.lines, total.code);
console.log(`target: ${TARGET}`);
