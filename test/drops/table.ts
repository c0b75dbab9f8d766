import type { Interruption } from "./actions.ts";
import type { Observation, Observed } from "./observed.ts";
import { waitsFor } from "./waits-for.ts";

/** The table of clients in `docs/clients/aws-s3.md`, of what they were seen to do. */
export const makeTable = (observations: readonly Observation[]): string => {
  const rows = observations
    .toSorted((one, other) => one.name.localeCompare(other.name))
    .map((observation) => [...cells(observation), gets(observation)]);
  const table = [HEAD, HEAD.map(() => "---"), ...rows];
  return table.map((row) => `| ${row.join(" | ")} |\n`).join("");
};

const HEAD = [
  "client",
  "1 MiB",
  "20 MiB",
  "copy or move",
  "second run",
  "second run, file touched",
  "what an interruption leaves",
  "must be told",
  "you get",
];

const cells = ({ name, version, setting, interruptions, observed }: Observation): string[] => [
  `${name} (${version})`,
  showWrites(observed.small),
  showWrites(observed.large),
  showWrites(observed.copy),
  showWrites(observed.twice),
  showWrites(observed.touched),
  showLeft(interruptions, observed),
  setting,
];

const gets = ({ name }: Observation): string => {
  const waits = waitsFor[name] ?? [];
  return waits.length === 0 ? "one delivery" : `one delivery, but not yet: ${waits.join(", ")}`;
};

const showWrites = (observed: Observed | undefined): string => {
  if (observed?.is !== "writes") return "";
  const { PutObject, UploadPart, CopyObject, UploadPartCopy } = observed.writes;
  if (PutObject !== undefined) return "one PUT";
  if (UploadPart !== undefined) return `${UploadPart} parts`;
  if (CopyObject !== undefined) return "one copy";
  if (UploadPartCopy !== undefined) return `copy in ${UploadPartCopy} parts`;
  return "nothing";
};

const INTERRUPTIONS: Readonly<Record<Interruption, string>> = {
  exception: "exception",
  "ctrl-c": "Ctrl-C",
  kill: "kill",
};
const LEFT = { nothing: "nothing", parts: "parts", truncated: "**a truncated film**" };

/** `exception, Ctrl-C: nothing; kill: parts` */
const showLeft = (interruptions: readonly Interruption[], observed: Observation["observed"]): string => {
  const by = new Map<string, string[]>();
  for (const each of interruptions) {
    const left = observed[each];
    if (left?.is === "left") by.set(LEFT[left.what], [...(by.get(LEFT[left.what]) ?? []), INTERRUPTIONS[each]]);
  }
  return [...by].map(([left, names]) => `${names.join(", ")}: ${left}`).join("; ");
};
