import { normalJobId } from "../client/index.ts";
import type { Fates } from "./connection.ts";
import { element, quietButton } from "./dom.ts";

interface JobFieldOptions {
  /** The input element's. */
  readonly id: string;
  readonly value?: string;
  readonly onInput?: (jobId: string) => void;
  /** Given if sample jobs can be made, which only the simulated cielo24 does. */
  readonly onSampleJob: ((fate: string | undefined) => void) | undefined;
  /** What can become of the media of a sample job, for a menu. */
  readonly fates: Fates;
}

/** The field for a job id, with a button that makes a sample job, and a menu for what becomes of its media. */
export const createJobField = ({ id, value = "", onInput, onSampleJob, fates }: JobFieldOptions) => {
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
  const fate = element("select", { className: "fate", ariaLabel: "What becomes of the sample job's media" }, [
    element("option", { value: "", textContent: "that goes well" }),
    ...Object.entries(fates).map(([value, textContent]) => element("option", { value, textContent })),
  ]);
  const button = quietButton("New sample job", () => onSampleJob?.(fate.value === "" ? undefined : fate.value));
  const sampleJob = element("div", { className: "sample-job" }, [button, fate]);
  return {
    label: element("label", { htmlFor: id, textContent: "cielo24 job id" }),
    field: element("div", { className: "field" }, [input, ...(onSampleJob ? [sampleJob] : [])]),
    input,
    sampleJob,
    /** The text; a job id in the form that the API returns. */
    read,
  };
};
