import { element } from "./element.ts";
import { createJobField } from "./job-field.ts";
import type { Medium } from "./media.ts";
import { formatBytes, phaseText } from "./words.ts";

export interface RowActions {
  readonly onJobId: (id: string, jobId: string) => void;
  /** Given where sample jobs can be made. */
  readonly onSampleJob?: (id: string) => void;
  readonly onCheckAgain: (id: string) => void;
  readonly onDismiss: (id: string) => void;
  /** Says something to people who don't see the page. */
  readonly announce: (text: string) => void;
}

let rowCount = 0;

/** One medium of the list. */
export const createMediaRow = (first: Medium, actions: RowActions) => {
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
    ...(onSampleJob
      ? {
          onSampleJob: () => {
            onSampleJob(id);
          },
        }
      : {}),
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
  const taskId = element("code", { className: "task-id" });
  const copy = quietButton("Copy", () => {
    void copyText(taskId).then((isCopied) => {
      if (isCopied) copy.firstChild?.replaceWith("Copied");
      actions.announce(isCopied ? "TaskId copied" : "The TaskId is selected: copy it with the keyboard");
    });
  });
  copy.append(unseen(` the TaskId of ${first.name}`));
  const task = element("p", { className: "task" }, [element("span", { textContent: "TaskId" }), taskId, copy]);
  const root = element("li", { className: "medium" }, [
    element("div", { className: "medium-head" }, [
      element("h3", { className: "name", textContent: first.name }),
      size,
      badge,
    ]),
    element("div", { className: "job" }, [job.label, job.field]),
    task,
    bar,
    element("div", { className: "news" }, [status, dismiss]),
    problem,
    checkAgain,
  ]);

  let announced = "";
  const show = (medium: Medium): void => {
    const { phase, delivery } = medium;
    id = medium.id;
    const words = phaseText(medium);
    root.dataset["phase"] = phase;
    size.textContent = medium.sizeBytes === undefined ? "" : formatBytes(medium.sizeBytes);
    badge.textContent = words.badge;
    status.textContent = words.text;

    const isOpen = phase === "chosen" || phase === "failed";
    if (job.read() !== medium.jobId) job.input.value = medium.jobId;
    job.input.readOnly = !isOpen;
    job.sampleJob.hidden = !isOpen;
    job.label.textContent = isOpen ? "cielo24 job id" : "Job";

    bar.hidden = phase !== "uploading" && phase !== "paused" && phase !== "delivering";
    bar.setAttribute("aria-label", `${words.badge}: ${medium.name}`);
    if (words.share === undefined) bar.removeAttribute("value");
    else bar.value = words.share;

    showProblem(medium);
    const isLostSight = phase === "delivering" && medium.problem !== undefined;
    checkAgain.hidden = !isLostSight;
    task.hidden = delivery?.taskId === undefined;
    taskId.textContent = delivery?.taskId ?? "";
    dismiss.hidden = !isLostSight && phase !== "delivered" && phase !== "ended";

    const spoken = `${medium.name}: ${medium.problem ? `${medium.problem.text} ${medium.problem.next}` : words.badge}`;
    if (spoken !== announced) actions.announce(spoken);
    announced = spoken;
  };

  const showProblem = ({ problem: found }: Medium) => {
    problem.hidden = !found;
    problem.replaceChildren(...(found ? [element("strong", { textContent: found.text }), ` ${found.next}`] : []));
    if (found) job.input.setAttribute("aria-describedby", problem.id);
    else job.input.removeAttribute("aria-describedby");
    if (found?.isAboutJob) job.input.setAttribute("aria-invalid", "true");
    else job.input.removeAttribute("aria-invalid");
  };

  return { root, jobId: job.input, show };
};

const quietButton = (textContent: string, onClick: () => void): HTMLButtonElement => {
  const button = element("button", { type: "button", className: "quiet", textContent });
  button.addEventListener("click", onClick);
  return button;
};

/** For those who hear the page: the rest of what a button is called. */
const unseen = (textContent: string): HTMLElement => element("span", { className: "visually-hidden", textContent });

/** @returns false where the browser refuses; the text is selected then */
const copyText = async (from: HTMLElement): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(from.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return false;
  }
};
