import { normalJobId } from "../client/index.ts";
import { UsageError } from "./outcome.ts";

/** A file and the job that it is for. */
export interface Assignment {
  readonly file: string;
  /** In its normal form, so that one job spelt in two ways is recognized. */
  readonly jobId: string;
}

const PAIR = /^(.+)=([^=]+)$/s;

/**
 * @returns the job's id in its normal form
 * @throws {UsageError}
 */
export const readJobId = (text: string): string => {
  const jobId = normalJobId(text);
  if (jobId !== undefined) return jobId;
  throw new UsageError(`"${text}" is no job id: those are 32 hex characters, with or without the hyphens of a UUID.`);
};

/**
 * Assigns each file its job. A job takes only one file, so several files need one each: as FILE=JOB, or in a list.
 *
 * @param list text of a CSV file with the lines `file,job_id`
 * @throws {UsageError}
 */
export const assignJobs = ({
  files,
  jobId,
  list,
}: {
  readonly files: readonly string[];
  readonly jobId?: string | undefined;
  readonly list?: string | undefined;
}): Assignment[] => {
  const assignments = [...assignFiles(files, jobId), ...(list === undefined ? [] : readList(list))];
  if (assignments.length === 0)
    throw new UsageError(
      list === undefined
        ? "There is no file: give FILE --job-id JOB, or FILE=JOB …."
        : "The list names no file: it needs lines FILE,JOB.",
    );
  const taken = new Map<string, string>();
  for (const { file, jobId: id } of assignments) {
    const other = taken.get(id);
    if (other !== undefined)
      throw new UsageError(
        `${other} and ${file} are both for job ${id}, but a job takes one file: give each file a job of its own.`,
      );
    taken.set(id, file);
  }
  return assignments;
};

const assignFiles = (files: readonly string[], jobId: string | undefined): Assignment[] => {
  if (jobId === undefined) return files.map(readPair);
  const [file, ...others] = files;
  if (file === undefined) throw new UsageError("--job-id names the job of one file: give that file.");
  if (others.length > 0)
    throw new UsageError(
      `--job-id goes with one file, as a job takes one file. For ${files.length} files give each its job: ${file}=JOB ${others[0] ?? ""}=JOB ….`,
    );
  return [{ file, jobId: readJobId(jobId) }];
};

const readPair = (pair: string): Assignment => {
  const [, file, text = ""] = PAIR.exec(pair) ?? [];
  const jobId = normalJobId(text);
  if (file !== undefined && jobId !== undefined) return { file, jobId };
  throw new UsageError(`${pair} has no job: give --job-id JOB for one file, or ${pair}=JOB for each of several.`);
};

/** CSV as spreadsheets write it: file names may be quoted. A first line with neither a job id nor a file's ending is a heading. */
const readList = (list: string): Assignment[] =>
  list
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, index): Assignment[] => {
      if (line.trim() === "") return [];
      const [, quoted, plain, text = ""] =
        /^\s*(?:"((?:[^"]|"")*)"|(.*?))\s*[,;\t]\s*"?([^",;\t]*?)"?\s*$/.exec(line) ?? [];
      const file = quoted?.replaceAll('""', '"') ?? plain ?? "";
      if (index === 0 && !/[0-9a-f-]{32}/i.test(line) && !/\.\w{1,5}"?\s*([,;\t]|$)/.test(line)) return [];
      const jobId = normalJobId(text);
      if (file === "" || jobId === undefined)
        throw new UsageError(`Line ${index + 1} of the list is not FILE,JOB: ${line.trim().slice(0, 100)}`);
      return [{ file, jobId }];
    });
