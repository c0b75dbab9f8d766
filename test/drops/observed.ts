import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a client was seen to do: the number of requests of each operation that wrote, or what an interruption left. */
export type Observed =
  | { readonly is: "writes"; readonly writes: Readonly<Record<string, number>> }
  | { readonly is: "left"; readonly what: "nothing" | "parts" | "truncated" | "whole" };

/** Keeps it for the table, where `npm run test:drops` asks for that. */
export const record = async (client: string, observed: Readonly<Partial<Record<string, Observed>>>): Promise<void> => {
  const folder = process.env["DROPS_OBSERVED"];
  if (folder === undefined) return;
  await writeFile(join(folder, `${encodeURIComponent(client)}.json`), JSON.stringify({ client, observed }));
};
