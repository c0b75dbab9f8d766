import type { Connection } from "./connection.ts";
import { byId } from "./dom.ts";
import { createJobField } from "./job-field.ts";
import type { Problem } from "./media.ts";
import { AGAIN, checkJobId, describeError } from "./problems.ts";

/** Without sample jobs, the person has to give a job id. */
interface UrlForm extends Pick<Connection, "newSampleJob" | "fates"> {
  /** Makes cielo24 fetch the media. Rejects with the API's error. */
  readonly add: (item: { readonly mediaUrl: string; readonly jobId: string }) => Promise<void>;
}

/** The form for media that cielo24 fetches itself. It is cleared once the API has accepted the URL. */
export const createUrlForm = ({ newSampleJob, fates, add }: UrlForm): void => {
  const form = byId("by-url") as HTMLFormElement;
  const input = byId("media-url") as HTMLInputElement;
  const button = byId("add-url") as HTMLButtonElement;
  const problem = byId("media-url-problem");
  let sampleJob = "";

  const takeSampleJob = async (fate?: string) => {
    try {
      sampleJob = (await newSampleJob?.(fate)) ?? "";
      job.input.value = sampleJob;
    } catch (error) {
      show(describeError(error, AGAIN.sampleJob));
    }
  };
  const job = createJobField({
    id: "url-job",
    onSampleJob: newSampleJob && ((fate) => void takeSampleJob(fate)),
    fates,
  });
  byId("url-job-field").append(job.label, job.field);

  const show = (found: Problem | undefined, field?: HTMLInputElement) => {
    problem.hidden = !found;
    problem.textContent = found ? `${found.text} ${found.next}` : "";
    for (const each of [input, job.input]) each.removeAttribute("aria-invalid");
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
  };

  const submit = async () => {
    const mediaUrl = input.value.trim();
    if (!URL.canParse(mediaUrl) || new URL(mediaUrl).protocol !== "https:") {
      show({ text: "That is no address to fetch media from.", next: "Give one that starts with https://." }, input);
      return;
    }
    if (newSampleJob && job.input.value.trim() === "") await takeSampleJob();
    const jobId = job.read();
    const wrongJob = checkJobId(jobId);
    if (wrongJob) {
      show(wrongJob, job.input);
      return;
    }
    show(undefined);
    button.disabled = true;
    try {
      await add({ mediaUrl, jobId });
      input.value = "";
      job.input.value = "";
    } catch (error) {
      show(describeError(error, AGAIN.url));
    } finally {
      button.disabled = false;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
};
