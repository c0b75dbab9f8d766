import { element, quietButton } from "../dom.ts";
import { createKeyedList } from "./keyed-list.ts";
import type { Notification } from "./snapshot.ts";
import { formatTime } from "./words.ts";

const COPIED_MS = 2_000;

/** What a person was told, the latest first, with the command to run next. */
export const createNotifications = ({
  list,
  empty,
  announce,
  onSelect,
}: {
  readonly list: HTMLElement;
  readonly empty: HTMLElement;
  readonly announce: (text: string) => void;
  readonly onSelect: (jobId: string) => void;
}) => {
  const make = ({ at, title, wakes, jobId, text, command }: Notification) => {
    const badge = element("span", { className: "badge", textContent: wakes ? "Wakes somebody" : "Can wait" });
    badge.dataset["tone"] = wakes ? "warn" : "calm";
    const head = element("div", { className: "entry-head" }, [
      element("h4", { textContent: title }),
      badge,
      element("span", { className: "quiet-text", textContent: formatTime(at) }),
    ]);
    const root = element("li", { className: "entry" }, [
      head,
      element("p", { className: "reason", textContent: text }),
    ]);
    if (jobId !== undefined) {
      const job = element("button", { type: "button", className: "link job-id", textContent: jobId });
      job.addEventListener("click", () => {
        onSelect(jobId);
      });
      root.append(job);
    }
    if (command !== undefined) root.append(createCommand(command, title));
    return { root, show: () => undefined };
  };
  const show = createKeyedList<Notification>(list, { key: keyOf, make, empty });
  let known: ReadonlySet<string> | undefined;

  return (notifications: readonly Notification[]): void => {
    show(notifications);
    const news = notifications.filter((each) => known && !known.has(keyOf(each)));
    if (news[0]) announce(`${news[0].title}: ${news[0].text}`);
    known = new Set(notifications.map(keyOf));
  };
};

const keyOf = ({ at, title, jobId, text }: Notification): string => [at, title, jobId, text].join(" ");

const createCommand = (command: string, title: string): HTMLElement => {
  const code = element("code", { textContent: command });
  const copy = quietButton("Copy", () => {
    void navigator.clipboard.writeText(command).then(() => {
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), COPIED_MS);
    });
  });
  copy.setAttribute("aria-label", `Copy the command of: ${title}`);
  return element("div", { className: "command" }, [code, copy]);
};
