import type { Fates } from "./connection.ts";
import { element, quietButton } from "./dom.ts";
import { createJobField } from "./job-field.ts";
import type { MediaItem, Problem } from "./media.ts";
import { refusalOf } from "./problems.ts";
import { describeItem, phaseText, warningsOf } from "./words.ts";

export interface RowActions {
  readonly onJobId: (id: string, jobId: string) => void;
  /** Given if sample jobs can be made. */
  readonly onSampleJob: ((id: string, fate: string | undefined) => void) | undefined;
  /** What can become of the media of a sample job. */
  readonly fates: Fates;
  readonly onCheckAgain: (id: string) => void;
  readonly onUploadAnyway: (id: string) => void;
  readonly onDismiss: (id: string) => void;
  /** For people who use a screen reader. */
  readonly announce: (text: string) => void;
}

let rowCount = 0;

/** One row of the list. */
export const createMediaRow = (first: MediaItem, actions: RowActions) => {
  rowCount += 1;
  let { id } = first;
  const { onSampleJob } = actions;
  const size = element("span", { className: "size" });
  const badge = element("span", { className: "badge" });
  const job = createJobField({
    id: `job-${rowCount}`,
    value: first.jobId,
    onInput: (jobId) => {
      actions.onJobId(id, jobId);
    },
    onSampleJob:
      onSampleJob &&
      ((fate) => {
        onSampleJob(id, fate);
      }),
    fates: actions.fates,
  });
  const bar = element("progress", { max: 1 });
  const status = element("p", { className: "status" });
  const dismiss = quietButton("Dismiss", () => {
    actions.onDismiss(id);
  });
  dismiss.classList.add("dismiss");
  dismiss.append(unseen(` ${first.name}`));
  const problem = element("p", { className: "problem", id: `problem-${rowCount}` });
  const checkAgain = quietButton("Check again", () => {
    actions.onCheckAgain(id);
  });
  const uploadAnyway = quietButton("Upload anyway", () => {
    actions.onUploadAnyway(id);
  });
  uploadAnyway.append(unseen(` ${first.name}`));
  const warnings = element("div", { className: "warnings" });
  const taskId = element("code", { className: "task-id" });
  const copy = quietButton("Copy", () => {
    void copyText(taskId).then((isCopied) => {
      if (isCopied) copy.firstChild?.replaceWith("Copied");
      const what = `the TaskId of ${first.name}`;
      actions.announce(isCopied ? `Copied ${what}` : `Selected ${what}: copy it with the keyboard`);
    });
  });
  copy.append(unseen(` the TaskId of ${first.name}`));
  const task = element("p", { className: "task" }, [element("span", { textContent: "TaskId" }), taskId, copy]);
  const root = element("li", { className: "medium" }, [
    element("div", { className: "medium-head" }, [
      element("h3", { className: "name", title: first.name, textContent: first.name }),
      size,
      badge,
    ]),
    element("div", { className: "job" }, [job.label, job.field]),
    task,
    bar,
    element("div", { className: "news" }, [status, dismiss]),
    problem,
    checkAgain,
    uploadAnyway,
    warnings,
  ]);

  let announced = "";
  const show = (item: MediaItem): void => {
    const { phase, delivery } = item;
    id = item.id;
    const words = phaseText(item);
    root.dataset["phase"] = phase;
    size.textContent = describeItem(item);
    badge.textContent = words.badge;
    badge.dataset["tone"] = words.tone;
    status.textContent = words.text;

    const isOpen = phase === "chosen" || phase === "failed";
    if (job.read() !== item.jobId) job.input.value = item.jobId;
    job.input.readOnly = !isOpen;
    job.sampleJob.hidden = !isOpen;
    job.label.textContent = isOpen ? "cielo24 job id" : "Job";

    bar.hidden = words.share === undefined;
    bar.setAttribute("aria-label", `${words.badge}: ${item.name}`);
    if (typeof words.share === "number") bar.value = words.share;
    else bar.removeAttribute("value");

    const refusal = refusalOf(item);
    const shownProblem = item.problem ?? refusal;
    showProblem(shownProblem);
    uploadAnyway.hidden = !refusal;
    const warned = warningsOf(item);
    warnings.replaceChildren(...warned.map((text) => element("p", { className: "warning", textContent: text })));
    const followingFailed = phase === "delivering" && item.problem !== undefined;
    checkAgain.hidden = !followingFailed;
    task.hidden = delivery?.taskId === undefined;
    taskId.textContent = delivery?.taskId ?? "";
    dismiss.hidden = !followingFailed && phase !== "delivered" && phase !== "ended";

    const spoken = `${item.name}: ${[shownProblem ? `${shownProblem.text} ${shownProblem.next}` : words.badge, ...warned].join(" ")}`;
    if (spoken !== announced) actions.announce(spoken);
    announced = spoken;
  };

  const showProblem = (found: Problem | undefined) => {
    problem.hidden = !found;
    problem.replaceChildren(...(found ? [element("strong", { textContent: found.text }), ` ${found.next}`] : []));
    if (found) job.input.setAttribute("aria-describedby", problem.id);
    else job.input.removeAttribute("aria-describedby");
    if (found?.isAboutJob) job.input.setAttribute("aria-invalid", "true");
    else job.input.removeAttribute("aria-invalid");
  };

  return { root, jobId: job.input, uploadAnyway, show };
};

/** The rest of a button's name, for screen readers. */
const unseen = (textContent: string): HTMLElement => element("span", { className: "visually-hidden", textContent });

/** @returns false if the browser refuses; the text is selected then */
const copyText = async (from: HTMLElement): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(from.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return false;
  }
};
