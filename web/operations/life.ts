import { byId, element } from "../dom.ts";
import { describeJob } from "./job-entry.ts";
import { createKeyedList, setText } from "./keyed-list.ts";
import type { Life, LifeLine } from "./snapshot.ts";
import { formatTime, STATE_WORDS } from "./words.ts";

/** The dialog with all that the functions logged about a job, in order: what the query of the runbook finds on AWS. */
export const createLife = ({ onClose }: { readonly onClose: () => void }) => {
  const dialog = byId("life") as HTMLDialogElement;
  dialog.addEventListener("close", onClose);
  const badge = element("span", { className: "badge" });
  const name = element("strong");
  const facts = element("p", { className: "quiet-text" });
  const reason = element("p", { className: "reason" });
  byId("life-now").append(element("div", { className: "entry-head" }, [name, badge]), facts, reason);
  const showLines = createKeyedList<LifeLine & { readonly key: string }>(byId("life-lines"), {
    key: ({ key }) => key,
    empty: byId("no-lines"),
    make: (line) => ({ root: lineOf(line), show: () => undefined }),
  });
  let shown: string | undefined;

  return {
    open: (jobId: string): void => {
      setText(byId("life-job"), jobId);
      if (!dialog.open) dialog.showModal();
    },
    close: (): void => {
      dialog.close();
    },
    show: ({ jobId, job, lines }: Life, now: number): void => {
      if (shown !== jobId) showLines([]);
      shown = jobId;
      badge.hidden = !job;
      if (job) {
        const words = STATE_WORDS[job.state];
        setText(badge, words.name);
        badge.dataset["tone"] = words.tone;
      }
      const described = job && describeJob(job, now);
      setText(name, job ? (job.name ?? "No file yet") : "The ledger does not know this job");
      setText(facts, described?.facts ?? "");
      setText(reason, described?.reason ?? "");
      const first = lines.length === 0 ? 0 : (lines[0]?.at ?? 0);
      showLines(lines.map((line, at) => ({ ...line, key: `${first} ${at} ${line.at} ${line.message}` })));
    },
  };
};

const lineOf = ({ at, level, service, message, fields }: LifeLine): HTMLElement => {
  const tone = level === "error" ? "bad" : level === "warn" ? "warn" : "calm";
  const badge = element("span", { className: "badge", textContent: level });
  badge.dataset["tone"] = tone;
  const head = element("div", { className: "line-head" }, [
    element("time", { dateTime: new Date(at).toISOString(), textContent: formatTime(at) }),
    badge,
    element("span", { className: "quiet-text", textContent: service }),
  ]);
  const details = Object.entries(fields).map(([name, value]) =>
    element("span", {}, [
      element("span", { className: "quiet-text", textContent: `${name} ` }),
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return element("li", {}, [
    head,
    element("p", { className: "message", textContent: message }),
    element("p", { className: "fields" }, details),
  ]);
};
