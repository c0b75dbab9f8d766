import { expect, it } from "@jest/globals";
import { eventLine } from "../../../dev/start/event-line.ts";
import { useDrops } from "../../harness/drops.ts";

const local = useDrops();
const lines = () => local.events().map(eventLine);

it("says which task a delivery has", async () => {
  const job = local.newJob();
  await local.drop(job);
  await local.finish();
  expect(lines()).toEqual([`Media Delivered ${job} (TaskId ${local.taken(job)[0]?.taskId ?? ""})`]);
});

it("says that a second object for a job is one, and was not sent", async () => {
  const job = local.newJob();
  await local.drop(job);
  await local.finish();
  const { key } = await local.drop(job, Buffer.from("other contents"), "b.mp4");
  await local.finish();
  expect(lines().at(-1)).toBe(
    `Media Conflict ${job} (an object with other contents came for the job, and was not sent: ${key})`,
  );
});

it("says why media was rejected", async () => {
  const job = local.newJob();
  await local.drop(job, Buffer.alloc(0));
  await local.finish();
  expect(lines()).toEqual([`Media Rejected ${job} (The object is empty. Upload one that holds the media.)`]);
});

it("names the key of an object that names no job", async () => {
  await local.drop("no-job");
  await local.finish();
  expect(lines()).toEqual(["Media Quarantined media/no-job/a.mp4 (its key names no job, and it stays where it is)"]);
});
