import type { Delivery } from "../../client/index.ts";
import type { ConnectionOptions } from "../connection.ts";
import { outcomeOfDelivery } from "../outcome.ts";
import { quoteCommand, type Report } from "../report.ts";
import { describeDelivery } from "../display/display.ts";
import { formatBytes } from "../display/units.ts";

/** How the command was called. */
export interface Called {
  readonly program: readonly string[];
  /** Those that a command for the same stage and person needs again. Secrets, and what may hold one, are left out. */
  readonly options: Pick<ConnectionOptions, "url" | "tokenFile">;
}

const AFTER_OTHER_REJECTION = "Mend the cause and upload again: the job still takes a medium.";
const AFTER_REJECTION: Readonly<Record<string, string>> = {
  ITEM_NOT_FOUND: "Check the job id, and upload for the right job.",
  JOB_HAS_MEDIA: "Upload for another job: this one has its media.",
  INVALID_URL: "Give a public https URL of the media itself, or upload the file: the job still takes a medium.",
};

/** What a person does about a delivery that has got so far. */
export const reportDelivery = (delivery: Delivery, called: Called, about: Pick<Report, "file"> = {}): Report => {
  const { jobId, taskId, error } = delivery;
  const outcome = outcomeOfDelivery(delivery);
  const known = {
    ...about,
    outcome,
    jobId,
    ...(taskId === undefined ? {} : { taskId }),
    delivery,
    ...(error ? { error } : {}),
  };
  switch (outcome) {
    case "delivered":
      return known;
    case "rejected":
      return { ...known, next: AFTER_REJECTION[error?.errorType ?? ""] ?? AFTER_OTHER_REJECTION };
    case "needs_review":
      return { ...known, next: "Don't send it again: ask the operator, who can see what cielo24 has." };
    default: {
      const { state, sentBytes, sizeBytes } = delivery;
      const sent = sizeBytes === undefined ? "" : `, ${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`;
      return {
        ...known,
        next: `It is ${describeDelivery({ state })}${sent}. The proxy goes on by itself; to watch:`,
        command: watchCommand(jobId, called),
      };
    }
  }
};

/** The command with which to watch a delivery. */
export const watchCommand = (jobId: string, called: Called): string =>
  commandLine(called, ["status", jobId, "--watch"]);

/** A command like the one that was called: by the same name, for the same stage, with the same token file. */
export const commandLine = ({ program, options }: Called, words: readonly string[]): string =>
  quoteCommand([
    ...program,
    ...words,
    ...(options.url === undefined ? [] : ["--url", options.url]),
    ...(options.tokenFile === undefined ? [] : ["--token-file", options.tokenFile]),
  ]);
