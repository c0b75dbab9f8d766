import { createInterface } from "node:readline/promises";
import type { Context } from "./context.ts";
import { note } from "./print.ts";
import { OpsError } from "./outcome.ts";

/** The options of every command that changes something. */
export interface ConfirmOptions {
  /** Don't ask. */
  readonly yes?: boolean;
  /** The name of a production stage, in place of typing it. */
  readonly confirm?: string;
}

/** A stage whose name has to be typed: `prod`, `production`, `prod-eu`. */
export const isProduction = (stage: string): boolean => /^prod/.test(stage);

/**
 * Tells what is going to happen, and resolves once the person agrees: on a terminal with `y`, or by `--yes`. For a
 * production stage its name is needed, typed or by `--confirm`; `--yes` alone is not enough.
 *
 * @param plan what is going to happen, line by line
 * @throws {OpsError} `not_confirmed`: nothing may be done
 */
export const confirm = async (
  context: Context,
  {
    stage,
    plan,
    yes = false,
    confirm: typed,
  }: ConfirmOptions & { readonly stage: string; readonly plan: readonly string[] },
): Promise<void> => {
  const needsName = isProduction(stage);
  if (typed !== undefined && typed !== stage)
    throw notConfirmed(`--confirm says ${typed}, and the stage is ${stage}.`, "Check which stage is meant.");
  if (needsName ? typed === stage : yes || typed === stage) return;
  for (const line of plan) note(context, line);
  const { stdin, stderr } = context;
  if (!stdin.isTTY || !stderr.isTTY)
    throw notConfirmed(
      "Nobody can be asked, as this is no terminal.",
      needsName ? `Add --confirm ${stage}.` : "Add --yes.",
    );
  const answer = await ask(context, needsName ? `Type the stage's name to go on: ` : "Go on? [y/N] ");
  if (needsName ? answer === stage : /^y(es)?$/i.test(answer)) return;
  throw notConfirmed(needsName ? `That is not ${stage}.` : "The answer was not y.");
};

const notConfirmed = (message: string, nextStep?: string) =>
  new OpsError("not_confirmed", "NOT_CONFIRMED", message, nextStep);

/** One line from the terminal. At Ctrl-C it rejects with an Interruption, at the end of the input it is empty. */
const ask = async ({ stdin, stderr, interruptible }: Context, question: string): Promise<string> => {
  const signal = interruptible();
  // Without `terminal`, so that Ctrl-C remains a signal.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const ended = new Promise<string>((resolve) => {
      lines.once("close", () => {
        resolve("");
      });
    });
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    lines.close();
  }
};
