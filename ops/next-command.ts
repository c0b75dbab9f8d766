import { flag, quoteCommand } from "../cli/next-command.ts";
import type { CommandOptions, Context } from "./context.ts";

/** A command of this program for the same stage and person, as it is typed into a shell. */
export const opsCommand = (
  { program }: Pick<Context, "program">,
  { stage, region, profile }: CommandOptions,
  words: readonly string[],
): string =>
  quoteCommand([
    ...program,
    ...words,
    ...flag("--stage", stage),
    ...flag("--region", region),
    ...flag("--profile", profile),
  ]);
