import { describe, expect, it } from "@jest/globals";
import { assignJobs } from "../../cli/jobs.ts";
import { quoteCommand } from "../../cli/next-command.ts";

const ONE = "0123456789abcdef0123456789abcdef";
const ONE_AS_UUID = "01234567-89AB-CDEF-0123-456789ABCDEF";
const OTHER = "fedcba9876543210fedcba9876543210";

describe("which file goes to which job", () => {
  it("takes one file with its job", () => {
    expect(assignJobs({ files: ["a=b.mp4"], jobId: ONE })).toEqual([{ file: "a=b.mp4", jobId: ONE }]);
  });

  it("takes several, each with its job", () => {
    expect(assignJobs({ files: [`a=b.mp4=${ONE}`, `c.mp4=${OTHER}`] })).toEqual([
      { file: "a=b.mp4", jobId: ONE },
      { file: "c.mp4", jobId: OTHER },
    ]);
  });

  it("takes a job in upper case and with the hyphens of a UUID, and calls it as the API does", () => {
    expect(assignJobs({ files: ["a.mp4"], jobId: ONE_AS_UUID })).toEqual([{ file: "a.mp4", jobId: ONE }]);
    expect(assignJobs({ files: [`a=b.mp4=${ONE_AS_UUID}`] })).toEqual([{ file: "a=b.mp4", jobId: ONE }]);
    const list = `a.mp4,${ONE_AS_UUID}\nb.mp4,${OTHER.toUpperCase()}\n`;
    expect(assignJobs({ files: [], list })).toEqual([
      { file: "a.mp4", jobId: ONE },
      { file: "b.mp4", jobId: OTHER },
    ]);
  });

  it("takes a list, as spreadsheets write it", () => {
    const list = `\uFEFFfile,job_id\r\n"lectures, ""old""/1.mp4",${ONE}\r\n\r\nb.mp4;${OTHER}\r\n`;
    expect(assignJobs({ files: [], list })).toEqual([
      { file: 'lectures, "old"/1.mp4', jobId: ONE },
      { file: "b.mp4", jobId: OTHER },
    ]);
  });

  it.each<[what: string, given: Parameters<typeof assignJobs>[0], says: RegExp]>([
    ["nothing", { files: [] }, /give FILE --job-id JOB/],
    ["a job without a file", { files: [], jobId: ONE }, /give that file/],
    ["a file without a job", { files: ["a.mp4"] }, /or a\.mp4=JOB for each of several/],
    ["several files with one job", { files: ["a.mp4", "b.mp4"], jobId: ONE }, /a\.mp4=JOB b\.mp4=JOB/],
    ["one job twice", { files: [`a=${ONE}`, `b=${ONE}`] }, /a and b are both for job/],
    ["one job twice, spelt in two ways", { files: [`a=${ONE}`, `b=${ONE_AS_UUID}`] }, /a and b are both for job 0123/],
    ["what is no job", { files: ["a.mp4"], jobId: "lecture-7" }, /32 hex characters, with or without the hyphens of/],
    ["a pair that names no job", { files: [`a.mp4=${ONE}0`] }, /has no job/],
    [
      "a line that is none",
      { files: [], list: `a.mp4,${ONE}\nb.mp4,job-7` },
      /^Line 2 of the list is not FILE,JOB: b\.mp4/,
    ],
    [
      "a first line with what is no job",
      { files: [], list: `a.mp4,job-7\nb.mp4,${ONE}` },
      /^Line 1 of the list is not/,
    ],
    ["a first line without a job", { files: [], list: `a.mp4\nb.mp4,${ONE}` }, /^Line 1 of the list is not/],
    ["an empty list", { files: [], list: "file,job_id\n" }, /^The list names no file/],
  ])("refuses %s, and says how it is done", (_what, given, says) => {
    expect(() => assignJobs(given)).toThrow(says);
  });

  it("quotes commands for the shell", () => {
    expect(quoteCommand(["upload", "it's a file.mp4", "b.mp4"])).toBe("upload 'it'\\''s a file.mp4' b.mp4");
  });
});
