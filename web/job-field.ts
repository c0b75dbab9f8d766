import { normalJobId } from "../client/job-id.ts";
import { element } from "./element.ts";

interface JobFieldOptions {
  /** The element's. */
  readonly id: string;
  readonly value?: string;
  readonly onInput?: (jobId: string) => void;
  /** Given where jobs can be made, which is at the simulated cielo24. */
  readonly onSampleJob?: () => void;
}

/** Where a person gives the id of a job, or has one made. */
export const createJobField = ({ id, value = "", onInput, onSampleJob }: JobFieldOptions) => {
  const input = element("input", {
    id,
    className: "job-id",
    placeholder: "32 characters, 0–9 and a–f",
    autocomplete: "off",
    spellcheck: false,
    value,
  });
  const read = () => {
    const text = input.value.trim();
    return normalJobId(text) ?? text;
  };
  input.addEventListener("input", () => onInput?.(read()));
  const sampleJob = element("button", { type: "button", className: "quiet", textContent: "New sample job" });
  sampleJob.addEventListener("click", () => onSampleJob?.());
  return {
    label: element("label", { htmlFor: id, textContent: "cielo24 job id" }),
    field: element("div", { className: "field" }, [input, ...(onSampleJob ? [sampleJob] : [])]),
    input,
    sampleJob,
    /** As the API answers it, where it is a job id. */
    read,
  };
};
