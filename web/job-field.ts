import { normalJobId } from "../client/index.ts";
import { element, quietButton } from "./dom.ts";

interface JobFieldOptions {
  /** The input element's. */
  readonly id: string;
  readonly value?: string;
  readonly onInput?: (jobId: string) => void;
  /** Given if sample jobs can be made, which only the simulated cielo24 does. */
  readonly onSampleJob: (() => void) | undefined;
}

/** The field for a job id, with a button that makes a sample job. */
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
  const sampleJob = quietButton("New sample job", () => onSampleJob?.());
  return {
    label: element("label", { htmlFor: id, textContent: "cielo24 job id" }),
    field: element("div", { className: "field" }, [input, ...(onSampleJob ? [sampleJob] : [])]),
    input,
    sampleJob,
    /** The text; a job id in the form that the API returns. */
    read,
  };
};
