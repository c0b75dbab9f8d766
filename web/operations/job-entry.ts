import { formatBytes, formatBytesOf } from "../../client/words.ts";
import { element } from "../dom.ts";
import { setText } from "./keyed-list.ts";
import type { Job } from "./snapshot.ts";
import { formatAge, formatTime, STATE_WORDS } from "./words.ts";

/** What a job is, how old, and what it waits for, at `now`. */
export const describeJob = (job: Job, now: number): { readonly facts: string; readonly reason: string } => {
  const { state, sizeBytes, sentBytes, since, updatedAt, reason, nextAt, taskId } = job;
  const isDone = state === "DELIVERED" || state === "REJECTED";
  const size =
    sizeBytes === undefined
      ? ""
      : state === "SENDING" && sentBytes !== undefined && sentBytes > 0
        ? formatBytesOf(sentBytes, sizeBytes)
        : formatBytes(sizeBytes);
  const age = isDone
    ? `at ${formatTime(updatedAt)}, after ${formatAge(updatedAt - since)}`
    : `for ${formatAge(now - since)}`;
  const next =
    nextAt === undefined || isDone
      ? ""
      : nextAt > now
        ? `next try in ${formatAge(nextAt - now)}`
        : "next try: any moment";
  const facts = [size, age, next, taskId === undefined ? "" : `TaskId ${taskId}`].filter((part) => part !== "");
  return {
    facts: facts.join(" · "),
    reason: reason ? `${reason.type}: ${reason.comment}` : (WITHOUT_REASON[state] ?? ""),
  };
};

const WITHOUT_REASON: Partial<Record<Job["state"], string>> = {
  UPLOADING: "Its upload was signed, and no file has arrived yet.",
  IN_QUEUE: "It has arrived, and a worker will look at it.",
};

/** A job in a list. Its name shows its life. */
export const createJobEntry = (
  job: Job,
  { now, onSelect }: { readonly now: () => number; readonly onSelect: (jobId: string) => void },
) => {
  const name = element("button", { type: "button", className: "link" });
  name.addEventListener("click", () => {
    onSelect(job.jobId);
  });
  const badge = element("span", { className: "badge" });
  const facts = element("p", { className: "quiet-text" });
  const reason = element("p", { className: "reason" });
  const jobId = element("p", { className: "job-id quiet-text", textContent: job.jobId });
  const root = element("li", { className: "entry" }, [
    element("div", { className: "entry-head" }, [name, badge]),
    jobId,
    facts,
    reason,
  ]);
  root.dataset["job"] = job.jobId;
  return {
    root,
    show: (shown: Job): void => {
      const words = STATE_WORDS[shown.state];
      const described = describeJob(shown, now());
      setText(name, shown.name ?? "No file yet");
      name.title = `The life of job ${shown.jobId}`;
      setText(badge, words.name);
      badge.dataset["tone"] = words.tone;
      setText(facts, described.facts);
      setText(reason, described.reason);
    },
  };
};
