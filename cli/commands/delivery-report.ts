import type { Delivery } from "../../client/index.ts";
import { outcomeOfDelivery } from "../outcome.ts";
import { quoteCommand, type Report } from "../report.ts";
import { describeDelivery } from "../display/display.ts";
import { formatBytes } from "../display/units.ts";

/** What a person does about a delivery that has got so far. */
export const reportDelivery = (
  delivery: Delivery,
  more: Pick<Report, "file"> & { url?: string | undefined },
): Report => {
  const { jobId, taskId, error } = delivery;
  const { url, ...about } = more;
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
      return { ...known, next: "Mend the cause and upload again: the job still takes a medium." };
    case "needs_review":
      return { ...known, next: "Don't send it again: ask the operator, who can see what cielo24 has." };
    default: {
      const { state, sentBytes, sizeBytes } = delivery;
      const sent = sizeBytes === undefined ? "" : `, ${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`;
      return {
        ...known,
        next: `It is ${describeDelivery({ state })}${sent}. The proxy goes on by itself; to watch:`,
        command: watchCommand(jobId, url),
      };
    }
  }
};

export const watchCommand = (jobId: string, url: string | undefined): string =>
  quoteCommand(["cielo24-proxy", "status", jobId, "--watch", ...(url === undefined ? [] : ["--url", url])]);
