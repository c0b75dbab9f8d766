import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "./client.ts";
import type { Action } from "./actions.ts";

/** What a client was seen to do: the number of requests of each operation that wrote, or what an interruption left. */
export type Observed =
  | { readonly is: "writes"; readonly writes: Readonly<Record<string, number>> }
  | { readonly is: "left"; readonly what: "nothing" | "parts" | "truncated" };

export interface Observation extends Pick<Client, "name" | "version" | "setting" | "interruptions"> {
  readonly observed: Readonly<Partial<Record<Action, Observed>>>;
}

/** Keeps it for the table, where `npm run test:drops` asks for that. */
export const record = async (client: Client, observed: Observation["observed"]): Promise<void> => {
  const folder = process.env["DROPS_OBSERVED"];
  if (folder === undefined) return;
  const { name, version, setting, interruptions } = client;
  const observation: Observation = { name, version, setting, interruptions, observed };
  await writeFile(join(folder, `${encodeURIComponent(name)}.json`), JSON.stringify(observation));
};
