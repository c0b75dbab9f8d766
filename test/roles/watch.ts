import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { FunctionCall } from "../../dev/stack/function-calls.ts";
import { readGrants, type Statement } from "../template/grants.ts";
import { findMissing } from "./compare.ts";
import { needsOf } from "./needs.ts";

interface FunctionFile {
  readonly role: {
    readonly Properties: {
      readonly Policies: readonly {
        readonly PolicyDocument: { readonly Statement: readonly (Statement | string)[] };
      }[];
    };
  };
}

/** What the role in `functions/<name>/function.yml` grants, but for the parts that all roles share. */
const grantsInFile = async (name: string): Promise<string[]> => {
  const file = parse(
    await readFile(new URL(`../../functions/${name}/function.yml`, import.meta.url), "utf8"),
  ) as FunctionFile;
  const statements = file.role.Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return readGrants(statements.filter((statement) => typeof statement !== "string"));
};

/** Notes which calls a stack's functions make, to say afterwards which of them their roles do not allow. */
export const watchRoles = () => {
  /** By what they are but for the job, so that a long test does not pile them up. */
  const calls = new Map<string, FunctionCall>();
  return {
    note: (call: FunctionCall): void => {
      calls.set(JSON.stringify(call).replace(/[0-9a-f]{32}/g, "*"), call);
    },
    findMissing: async (): Promise<string[]> => {
      const needs = Map.groupBy([...calls.values()].flatMap(needsOf), ({ by }) => by);
      const missing = [...needs].map(async ([name, its]) => findMissing(await grantsInFile(name), its));
      return (await Promise.all(missing)).flat();
    },
  };
};
