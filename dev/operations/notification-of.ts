import type { Notification } from "../../web/operations/snapshot.ts";
import type { BusEvent } from "../stack/event-bus.ts";
import type { Notice } from "../stack/notices.ts";

/** A notice of the template's rules as the page shows it: its sentences, and the commands to run next. */
export const notificationOf = (
  { rule, wakes, lines }: Notice,
  { detail }: Pick<BusEvent, "detail">,
  at: number,
): Notification => {
  const { JobId: jobId } = detail;
  return {
    at,
    title: rule.replaceAll(/\B([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`),
    wakes,
    jobId: typeof jobId === "string" ? jobId : undefined,
    // The page has the job's life itself, in place of a link to the console.
    text: lines.filter((line) => !isCommand(line) && !line.includes("https://")).join(" "),
    command: lines.filter(isCommand).join("\n") || undefined,
  };
};

const isCommand = (line: string): boolean => /^(aws |npx |\w+=\$\()/.test(line);
