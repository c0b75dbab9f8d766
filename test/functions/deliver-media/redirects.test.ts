import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { startWorker } from "../../harness/worker.ts";

describe("a cielo24 that redirects", () => {
  const local = useDrops({ fetchMedia: () => Promise.resolve(Buffer.from("media")) });
  /** Somewhere else, which answers everything with what would be success. */
  let elsewhere: string;
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify({ TaskId: "f".repeat(32), ApiToken: "f".repeat(32), MediaLengthSeconds: 7 }));
  });
  beforeAll(async () => {
    elsewhere = `http://127.0.0.1:${await listen(server)}`;
  });
  afterEach(() => {
    expect(visits).toEqual([]);
  });
  afterAll(() => closeServer(server));

  const STATUSES = [301, 302, 303, 307, 308];
  const redirect = (action: string, status: number, jobId?: string) => {
    const headers = { location: `${elsewhere}/api/${action.split(" ").at(-1) ?? ""}?api_token=x` };
    const job = jobId === undefined ? {} : { jobId };
    local.cielo24.faults.add({ action, kind: "answer", status, headers, times: 10, ...job });
  };

  it.each(STATUSES)("fault 14, fault 47, threat 2: asks nobody else about a job (%d)", async (status) => {
    const job = local.newJob();
    redirect("job/info", status, job);
    await local.drop(job);
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNINTELLIGIBLE" } });
  });

  it.each(STATUSES)("fault 47, threat 2: sends a medium to nobody else (%d)", async (status) => {
    const job = local.newJob();
    redirect("POST job/add_media", status, job);
    await local.drop(job);
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", everUnknown: true });
  });

  it.each(STATUSES)("fault 47, threat 2: hands a medium over to nobody else (%d)", async (status) => {
    const job = local.newJob();
    redirect("GET job/add_media", status, job);
    const worker = startWorker(local.stack, { env: { DELIVERY_MODE: "url" } });
    expect(await worker.take(local.event(local.place(job)))).toBe(false);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    expect(local.taken(job)).toEqual([]);
  });

  it.each(STATUSES)("fault 14, fault 47, threat 2: logs in nowhere else (%d)", async (status) => {
    const job = local.newJob();
    redirect("account/login", status);
    await startWorker(local.stack).take(local.event(local.place(job)));
    expect(local.posts(job)).toEqual([]);
    expect(local.taken(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNINTELLIGIBLE" } });
  });

  it.each(STATUSES)("fault 47, threat 2: answers calls that cielo24 cannot be understood (%d)", async (status) => {
    const call = sendAs(local, { sub: "alice" });
    const [metadata, media] = [local.newJob(), local.newJob()];
    redirect("job/update_metadata", status, metadata);
    redirect("GET job/add_media", status, media);
    const url = encodeURIComponent("https://media.example.org/a.mp4");
    const answers = [
      await call("GET", `/api/job/update_metadata?v=1&job_id=${metadata}&reference_id=a&requestor_id=b`),
      await call("GET", `/api/job/add_media?v=1&job_id=${media}&media_url=${url}`),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([502, 504]);
    expect(JSON.stringify(answers)).not.toMatch(/location|f{32}/i);
  });
});
