import { beforeAll, describe, expect, it } from "@jest/globals";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { arrivedAt, countStored, sha256 } from "../client/media.ts";
import { useStack } from "../harness/stack.ts";
import { startCommand, useCommandLine, type Ended } from "./command-line.ts";

describe("cielo24-proxy upload, before a byte travels", () => {
  const local = useStack();
  const { folder, environment } = useCommandLine(local);
  const sample = (name: string) => `test/media/${name}`;
  let whole: Buffer;
  beforeAll(async () => {
    whole = await readFile(sample("moov-at-end.mp4"));
    // As a program leaves it that was interrupted: the index would have come last.
    await writeFile(folder.file("cut.mp4"), whole.subarray(0, 5_000));
    await writeFile(folder.file("page.mp4"), `<!doctype html><title>Not found</title>${"<p>Sorry.".repeat(50)}`);
    // Bytes of which nothing can be told.
    await writeFile(folder.file("odd.mp4"), Buffer.alloc(10_000, "\0odd"));
    for (const name of ["lecture.mp4", "lecture.srt", ".DS_Store", "lecture.mp4.part"])
      await copyFile(sample("moov-at-end.mp4"), folder.file(name));
  });

  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const upload = (...words: string[]): Promise<Ended> => startCommand(["upload", ...words], environment()).ended;
  const stored = (jobId: string) => countStored(local.stack, "PutObject", jobId);

  it("says what is in a file, and in the end what the proxy found", async () => {
    const jobId = newJob();
    const { code, stdout, stderr } = await upload(folder.file("lecture.mp4"), "-j", jobId);
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      "lecture.mp4: 2 s, MP4, 1 audio track",
      "lecture.mp4: uploaded 0 B of 6.7 KB",
    ]);
    expect(stdout).toMatch(/^Delivered: .*\n {2}2 s, MP4, 1 audio track\n$/);
    expect(code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(whole)]);
  });

  it("says that a film is silent, and sends it: the proxy says so, too", async () => {
    const jobId = newJob();
    const { code, stdout, stderr } = await upload(sample("silent.mp4"), "-j", jobId);
    expect(stderr).toMatch(
      /^silent\.mp4: 2 s, MP4, no audio track\nsilent\.mp4: .*no audio track.* sent all the same\.$/m,
    );
    expect(stdout).toMatch(
      /^Delivered: [\s\S]*\n {2}concern: The file has video, but no audio track.* \(NO_AUDIO\)\n$/,
    );
    expect(code).toBe(0);
  });

  it("says nothing of what it cannot tell, and sends it", async () => {
    const jobId = newJob();
    const { code, stderr } = await upload(folder.file("odd.mp4"), "-j", jobId);
    expect(stderr).toMatch(/^odd\.mp4: uploaded 0 B/);
    expect(code).toBe(0);
  });

  it.each([
    ["a film that is cut off", "cut.mp4", "MEDIA_INCOMPLETE", /The file is cut off: its index/],
    ["a web page with a film's name", "page.mp4", "NOT_MEDIA", /This is an HTML page, not audio or video/],
  ])("refuses %s, and sends it only if told to: the proxy rejects it", async (_what, name, errorType, says) => {
    const jobId = newJob();
    const path = folder.file(name);
    const refused = await upload(path, "-j", jobId, "--content-type", "video/mp4");
    expect(refused.stderr).toMatch(says);
    expect(refused.stderr).toContain(`(${errorType})\n  Nothing was sent.`);
    expect(refused.stderr).toContain(
      `cielo24-proxy upload ${path} --job-id ${jobId} --content-type video/mp4 --force\n`,
    );
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(stored(jobId)).toBe(0);

    const sent = await upload(path, "-j", jobId, "--force", "--json", "--quiet");
    expect(JSON.parse(sent.stdout)).toMatchObject({
      outcome: "rejected",
      exitCode: 6,
      error: { errorType, comment: expect.stringMatching(says) as unknown },
      next: expect.stringMatching(/^Nothing was sent to cielo24: upload the .*, for the same job\.$/) as unknown,
    });
    expect(sent.code).toBe(6);
    expect(stored(jobId)).toBe(1);
    expect(arrivedAt(local.stack, jobId)).toEqual([]);

    // The same job takes the film.
    expect((await upload(folder.file("lecture.mp4"), "-j", jobId)).code).toBe(0);
  });

  it.each([
    ["lecture.srt", /By its name, lecture\.srt only goes with media, as subtitles/],
    ["lecture.mp4.part", /By its name, lecture\.mp4\.part is a program's own file, or one that is not finished/],
  ])("refuses a single file with a name that is not of media: %s", async (name, says) => {
    const jobId = newJob();
    const { code, stdout, stderr } = await upload(folder.file(name), "-j", jobId);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/If you know better, [\s\S]* --force$/m);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stored(jobId)).toBe(0);
  });

  it("skips such files where there are several, and sends the others", async () => {
    const names = [".DS_Store", "lecture.mp4", "lecture.srt"];
    const jobs = new Map(names.map((name) => [folder.file(name), newJob()]));
    const pairs = [...jobs].map(([path, jobId]) => `${path}=${jobId}`);
    const { code, stdout } = await upload(...pairs, "--json", "--quiet");
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(new Map(results.map(({ file, outcome }) => [file, outcome]))).toEqual(
      new Map([
        [folder.file(".DS_Store"), "skipped"],
        [folder.file("lecture.mp4"), "delivered"],
        [folder.file("lecture.srt"), "skipped"],
      ]),
    );
    expect(results.find(({ file }) => file === folder.file("lecture.srt"))).toEqual({
      outcome: "skipped",
      exitCode: 0,
      file: folder.file("lecture.srt"),
      jobId: jobs.get(folder.file("lecture.srt")),
      next: "By its name, lecture.srt only goes with media, as subtitles and pictures do. Nothing was sent; --force sends it all the same.",
    });
    expect(code).toBe(0);
    expect([...jobs.values()].map(stored)).toEqual([0, 1, 0]);
  });

  it("goes by a file's own name, not by those of its folders", async () => {
    const path = folder.file(".cache/lecture.mp4");
    await mkdir(dirname(path));
    await copyFile(sample("moov-at-end.mp4"), path);
    expect((await upload(path, "-j", newJob(), "--no-wait")).code).toBe(0);
  });

  it("takes a file with any other name only where the look finds media, or it is told to", async () => {
    const [good, odd] = [folder.file("recording"), folder.file("data.bin")];
    await copyFile(sample("moov-at-end.mp4"), good);
    await copyFile(folder.file("odd.mp4"), odd);
    expect((await upload(good, "-j", newJob(), "--no-wait")).code).toBe(0);

    const jobId = newJob();
    const refused = await upload(odd, "-j", jobId);
    expect(refused.stderr).toMatch(/Neither by its name nor by what is in it is data\.bin media[\s\S]* --force$/m);
    expect([refused.code, stored(jobId)]).toEqual([3, 0]);

    const unseen = await upload(good, "-j", jobId, "--no-preflight");
    expect(unseen.stderr).toMatch(
      /The name recording is not one of media that is known[\s\S]* --no-preflight --force$/m,
    );
    expect([unseen.code, stored(jobId)]).toEqual([3, 0]);

    const sent = await upload(odd, "-j", jobId, "--force", "--no-wait");
    expect(sent.stderr).toMatch(/data\.bin media that is known\. It is sent all the same\.$/m);
    expect([sent.code, stored(jobId)]).toEqual([0, 1]);
  });

  it("takes names of media in upper case, and of kinds in which nothing can be recognized", async () => {
    const path = folder.file("DICTATION.DS2");
    await copyFile(folder.file("odd.mp4"), path);
    const jobId = newJob();
    expect((await upload(path, "-j", jobId, "--no-wait")).code).toBe(0);
    const put = local.stack.s3.requests.find(({ key, operation }) => operation === "PutObject" && key.includes(jobId));
    expect(put?.status).toBe(200);
  });

  it("sends those that it would skip, too, where it is told to", async () => {
    const jobs = [newJob(), newJob()];
    const pairs = ["lecture.mp4", "lecture.srt"].map((name, at) => `${folder.file(name)}=${jobs[at] ?? ""}`);
    const { code, stderr } = await upload(...pairs, "--force", "--no-wait");
    expect(stderr).toMatch(/lecture\.srt only goes with media.* It is sent all the same\.$/m);
    expect([code, ...jobs.map(stored)]).toEqual([0, 1, 1]);
  });
});
