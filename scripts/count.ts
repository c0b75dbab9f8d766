import { globSync, readFileSync } from "node:fs";

/**
 * `npm run count`: the lines of what runs in Lambda, room by room. Fails when there are more lines of code than meant, so
 * that a limit is raised on purpose and never by accident.
 */

/**
 * In lines of code: neither blank nor a comment, broken as prettier breaks them. What a delivery begins ahead of its commands
 * takes 190 lines, 50 of them in the transport to cielo24; DynamoDB's calls and the signing of URLs without the SDK's
 * middleware, which took most of their CPU, take 110. The index of open rows and the census by it take 230, cancelling 170,
 * ids in every line and what is promised of a drop 130. Beside those of 0.1.0, rows of other releases, of forgotten people and
 * of buckets that others own take 60.
 */
const LIMITS = { together: 7480, doors: 1220 };

/**
 * The rooms of `lib/`. A file belongs to the first room whose path it starts with. A door is a folder that the rest of the
 * code uses through one file and need not open.
 */
const ROOMS: readonly { readonly name: string; readonly path: string; readonly isDoor?: true }[] = [
  { name: "lib/media/reading (door)", path: "lib/media/reading/", isDoor: true },
  { name: "lib/media/preflight (door)", path: "lib/media/preflight/", isDoor: true },
  { name: "lib/cielo24/transport (door)", path: "lib/cielo24/transport/", isDoor: true },
  { name: "lib/media", path: "lib/media/" },
  { name: "lib/cielo24", path: "lib/cielo24/" },
  { name: "lib/delivery/machine", path: "lib/delivery/machine/" },
  { name: "lib/delivery/aws", path: "lib/delivery/aws/" },
  { name: "lib/delivery", path: "lib/delivery/" },
  { name: "lib/http", path: "lib/http/" },
  { name: "lib (config, runtime, …)", path: "lib/" },
];

interface Count {
  files: number;
  lines: number;
  code: number;
}

const isCode = (line: string): boolean => !/^\s*(\/\/|\/?\*|$)/.test(line);

const countFile = (file: string): Count => {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return { files: 1, lines: lines.length, code: lines.filter(isCode).length };
};

const sum = (counts: readonly Count[]): Count =>
  counts.reduce((a, b) => ({ files: a.files + b.files, lines: a.lines + b.lines, code: a.code + b.code }), {
    files: 0,
    lines: 0,
    code: 0,
  });

const roomOf = (file: string): string =>
  ROOMS.find(({ path }) => file.startsWith(path))?.name ?? file.split("/").slice(0, 2).join("/");

const show = (name: string, { files, lines, code }: Count, limit = Infinity): void => {
  const figures = `${String(files).padStart(3)} files ${String(lines).padStart(6)} lines ${String(code).padStart(6)} of code`;
  console.log(`${name.padEnd(29)} ${figures}${limit === Infinity ? "" : `, at most ${limit}`}`);
  if (code <= limit) return;
  console.error(`${name}: ${code - limit} lines of code too many`);
  process.exitCode = 1;
};

const files = globSync(["functions/**/*.ts", "lib/**/*.ts"]).sort();
const counts = files.map((file) => ({ room: roomOf(file), count: countFile(file) }));
const inRoom = (name: string): Count => sum(counts.filter(({ room }) => room === name).map(({ count }) => count));

for (const name of new Set(counts.map(({ room }) => room))) show(name, inRoom(name));
show("the three doors", sum(ROOMS.filter(({ isDoor }) => isDoor).map(({ name }) => inRoom(name))), LIMITS.doors);
show("together", sum(counts.map(({ count }) => count)), LIMITS.together);
