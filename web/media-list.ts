import { element } from "./element.ts";
import type { Medium } from "./media.ts";
import { formatBytes, phaseText } from "./words.ts";

interface ListOptions {
  readonly list: HTMLElement;
  readonly empty: HTMLElement;
  readonly givesSampleJobs: boolean;
  readonly onJobId: (id: string, jobId: string) => void;
  readonly onSampleJob: (id: string) => void;
  readonly onDismiss: (id: string) => void;
  readonly announce: (text: string) => void;
}

/** The list of media and jobs. */
export const createMediaList = (options: ListOptions) => {
  const rows = new Map<string, ReturnType<typeof createRow>>();
  return {
    show: (id: string, medium: Medium | undefined): void => {
      if (medium) {
        let row = rows.get(id);
        if (!row) {
          row = createRow(medium, options);
          rows.set(id, row);
          options.list.append(row.root);
        }
        row.show(medium);
      } else {
        rows.get(id)?.root.remove();
        rows.delete(id);
      }
      options.empty.hidden = rows.size > 0;
    },
    /** Puts the keyboard into the field of a medium's job. */
    focusJobId: (id: string): void => {
      rows.get(id)?.jobId.focus();
    },
  };
};

let rowCount = 0;

const createRow = (first: Medium, { givesSampleJobs, ...options }: ListOptions) => {
  rowCount += 1;
  const fieldId = `job-${rowCount}`;
  const problemId = `problem-${rowCount}`;
  const { id } = first;
  const name = element("h3", { className: "name", textContent: first.name });
  const size = element("span", { className: "size" });
  const badge = element("span", { className: "badge" });
  const jobId = element("input", {
    id: fieldId,
    className: "job-id",
    placeholder: "32 hex characters",
    autocomplete: "off",
    spellcheck: false,
    maxLength: 40,
    value: first.jobId,
  });
  jobId.addEventListener("input", () => {
    options.onJobId(id, jobId.value.trim().toLowerCase());
  });
  const sampleJob = element("button", { type: "button", className: "quiet", textContent: "New sample job" });
  sampleJob.addEventListener("click", () => {
    options.onSampleJob(id);
  });
  const field = element("div", { className: "field" }, [jobId, ...(givesSampleJobs ? [sampleJob] : [])]);
  const label = element("label", { htmlFor: fieldId, textContent: "cielo24 job id" });
  const bar = element("progress", { max: 1 });
  const text = element("p", { className: "status" });
  const problem = element("p", { className: "problem", id: problemId });
  const taskId = element("code", { className: "task-id" });
  const copy = element("button", { type: "button", className: "quiet", textContent: "Copy" });
  copy.addEventListener("click", () => {
    void copyText(taskId).then((isCopied) => {
      copy.textContent = isCopied ? "Copied" : "Copy";
      options.announce(isCopied ? "TaskId copied" : "The TaskId is selected: copy it with the keyboard");
    });
  });
  const task = element("p", { className: "task" }, [element("span", { textContent: "TaskId" }), taskId, copy]);
  const dismiss = element("button", { type: "button", className: "quiet dismiss", textContent: "Dismiss" });
  dismiss.setAttribute("aria-label", `Dismiss ${first.name}`);
  dismiss.addEventListener("click", () => {
    options.onDismiss(id);
  });
  const root = element("li", { className: "medium" }, [
    element("div", { className: "medium-head" }, [name, size, badge]),
    element("div", { className: "job" }, [label, field]),
    bar,
    text,
    problem,
    task,
    dismiss,
  ]);

  let announced = "";
  const show = (medium: Medium) => {
    const isOpen = medium.phase === "chosen" || medium.phase === "failed";
    const isOver = medium.phase === "delivered" || medium.phase === "ended";
    root.dataset["phase"] = medium.phase;
    size.textContent = medium.sizeBytes === undefined ? "" : formatBytes(medium.sizeBytes);
    const words = phaseText(medium);
    badge.textContent = words.badge;
    text.textContent = words.text;
    if (jobId.value.trim().toLowerCase() !== medium.jobId) jobId.value = medium.jobId;
    jobId.readOnly = !isOpen;
    sampleJob.hidden = !isOpen;
    bar.hidden = medium.phase !== "uploading" && medium.phase !== "delivering";
    bar.setAttribute("aria-label", `${words.badge}: ${medium.name}`);
    if (words.share === undefined) bar.removeAttribute("value");
    else bar.value = words.share;
    problem.hidden = !medium.problem;
    problem.replaceChildren(
      ...(medium.problem ? [element("strong", { textContent: medium.problem.text }), ` ${medium.problem.next}`] : []),
    );
    if (medium.problem) {
      jobId.setAttribute("aria-describedby", problemId);
    } else jobId.removeAttribute("aria-describedby");
    const task_ = medium.delivery?.taskId;
    task.hidden = task_ === undefined;
    taskId.textContent = task_ ?? "";
    dismiss.hidden = !isOver;
    const spoken = `${medium.name}: ${medium.problem ? medium.problem.text : words.badge}`;
    if (spoken !== announced) options.announce(spoken);
    announced = spoken;
  };
  return { root, jobId, show };
};

const copyText = async (from: HTMLElement): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(from.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return false;
  }
};
