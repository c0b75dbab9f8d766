import type { Context } from "../context.ts";
import { tellError } from "../outcome.ts";
import type { Stage } from "../stage.ts";

/** What a check says. */
export type Finding =
  | { readonly is: "ok"; readonly text: string }
  /** Something is wrong, and this is what to do. */
  | { readonly is: "failed"; readonly text: string; readonly next: string }
  /** Nobody looked, for this reason. */
  | { readonly is: "skipped"; readonly text: string };

/** One thing about a stage that has to be right. */
export interface Check {
  /** For programs: `bucket-notification`. */
  readonly name: string;
  /** The local stack has nothing of the kind. */
  readonly isOnlyOnAws?: true;
  /** It sends much, so it is only done if it is asked for. */
  readonly isDeep?: true;
  /** Whatever it throws is a failure. */
  readonly look: (stage: Stage, context: Context) => Promise<Finding>;
}

export const ok = (text: string): Finding => ({ is: "ok", text });
export const failed = (text: string, next: string): Finding => ({ is: "failed", text, next });
export const skipped = (text: string): Finding => ({ is: "skipped", text });

/** What to do about most that is not as it was deployed. */
export const DEPLOY = "Deploy the stage again: npm run deploy -- --stage <stage> puts it back as the template has it.";

/** What an error says about what was looked at. */
export const findingOfError = (error: unknown): Finding => {
  const { comment, type, next = "Try again." } = tellError(error);
  return failed(`${comment} (${type})`, next);
};
