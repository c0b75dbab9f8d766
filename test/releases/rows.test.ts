import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import type { Build } from "../../dev/stack/lambda.ts";
import type { Row, Write } from "../../lib/delivery/machine/row.ts";
import { objectId } from "../../lib/media/key.ts";
import { sendAs } from "../harness/api.ts";
import { until } from "../harness/until.ts";
import { DAY_MS, useDrops, type DroppedObject } from "../harness/drops.ts";
import { startWorker } from "../harness/worker.ts";
import { describeWithLastRelease, LAST_RELEASE, loadFromLastRelease } from "./last-release.ts";

/**
 * Rows as the last release wrote them, from a file, and what this one makes of them. `RECORD_ROWS=1` before the test writes
 * the file anew, with rows of the release that last-release.ts names.
 */

const FILE = new URL(`rows-of-${LAST_RELEASE.version}.json`, import.meta.url);
const NAMES = [
  "signed",
  "waiting",
  "left behind",
  "answer lost",
  "answered with an error",
  "handed over",
  "delivered",
  "rejected",
  "in review",
  "closed",
  "with a conflict",
] as const;
type Name = (typeof NAMES)[number];
interface Recorded {
  readonly at: number;
  /** Job, version and object have placeholders. */
  readonly row: Omit<Row, "jobId">;
}
const recorded = JSON.parse(readFileSync(FILE, "utf8")) as Readonly<Record<Name, Recorded>>;

const isTime = (value: number): boolean => value > Date.UTC(2020);

const POST = "POST job/add_media";
const KEY = "a.mp4";
const OBJECT_BYTES = 300_000;
const REFUSAL = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." });

describe(`a row of ${LAST_RELEASE.version}`, () => {
  const now = Date.now();
  const local = useDrops({ clock: () => now, enforceOneMedia: false });

  /** Puts the row there, with an object of its own, as old as it was when it was recorded. */
  const put = async (name: Name): Promise<{ job: string; object: DroppedObject }> => {
    const job = local.newJob();
    const object = local.place(job, OBJECT_BYTES, KEY);
    const { at, row } = recorded[name];
    const laterMs = local.stack.runtime.clock() - at;
    const text = JSON.stringify(row, (attribute, value: unknown) => {
      if (typeof value !== "number") return value;
      if (attribute === "expiresAt") return value + Math.ceil(laterMs / 1000);
      return isTime(value) ? value + laterMs : value;
    });
    const named = text
      .replaceAll("<object>", objectId(object.key, object.versionId))
      .replaceAll("<version>", object.versionId)
      .replaceAll("<job>", job);
    const write: Write = { if: { state: ["none"] }, set: JSON.parse(named) as Omit<Row, "jobId"> };
    expect(await local.stack.ledger.write(job, write)).toBe("written");
    return { job, object };
  };

  const ends: [name: Name, shown: string, posts: number, end: Partial<Row>][] = [
    ["signed", "UPLOADING", 1, { state: "DELIVERED" }],
    ["waiting", "SENDING", 1, { state: "DELIVERED" }],
    ["left behind", "SENDING", 1, { state: "DELIVERED", claims: 2 }],
    ["answer lost", "UNKNOWN", 0, { state: "NEEDS_REVIEW", everUnknown: true }],
    ["answered with an error", "UNKNOWN", 1, { state: "DELIVERED", posts: 2 }],
    ["handed over", "HANDED_OVER", 0, { state: "NEEDS_REVIEW" }],
    ["delivered", "DELIVERED", 0, { state: "DELIVERED" }],
    ["rejected", "REJECTED", 0, { state: "REJECTED" }],
    ["in review", "NEEDS_REVIEW", 0, { state: "NEEDS_REVIEW" }],
    ["closed", "NEEDS_REVIEW", 0, { state: "NEEDS_REVIEW", closed: true }],
    ["with a conflict", "DELIVERED", 0, { state: "DELIVERED", conflictCount: 1 }],
  ];
  it.each(ends)(
    "that is %s is shown as %s, and gets %d POSTs when its object comes again",
    async (name, shown, posts, end) => {
      const { job, object } = await put(name);
      expect(await local.shown(job)).toMatchObject({ JobId: job, State: shown });
      local.send(local.event(object));
      await local.stack.drain();
      await local.passWhole(3 * DAY_MS);
      expect(local.posts(job)).toHaveLength(posts);
      expect(await local.row(job)).toMatchObject({ ...end, announced: true });
      expect(local.waiting()).toEqual([]);
    },
  );
});

describeWithLastRelease()(`the committed rows of ${LAST_RELEASE.version}`, () => {
  let deliverMedia: Build;
  let signUpload: Build;
  beforeAll(async () => {
    deliverMedia = await loadFromLastRelease("deliver-media");
    signUpload = await loadFromLastRelease("sign-upload");
  });
  const local = useDrops({
    functions: {
      "deliver-media": (runtime) => deliverMedia(runtime),
      "sign-upload": (runtime) => signUpload(runtime),
    },
  });
  const pulled = useDrops({
    env: { DELIVERY_MODE: "url" },
    functions: { "deliver-media": (runtime) => deliverMedia(runtime) },
  });
  const asAdmin = sendAs(local, { sub: "root", scope: "admin" });

  /** Brings a job's row into that state. */
  const make: Record<Name, (job: string) => Promise<unknown>> = {
    signed: (job) => asAdmin("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`),
    waiting: async (job) => {
      local.cielo24.faults.add({ action: "*", jobId: job, kind: "away", times: 1_000 });
      await local.drop(job);
    },
    "left behind": async (job) => {
      const object = local.place(job, OBJECT_BYTES, KEY);
      const fault = { operation: "GetObject", key: object.key, kind: "resetAfterBytes", atByte: 100_000 } as const;
      local.stack.s3.faults.add(fault);
      const stopped = Promise.withResolvers<undefined>();
      const sleep = () => {
        stopped.resolve(undefined);
        return new Promise<void>(() => undefined);
      };
      void startWorker(local.stack, { build: deliverMedia, sleep }).take(local.event(object));
      await stopped.promise;
    },
    "answer lost": async (job) => {
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
      await local.drop(job);
    },
    "answered with an error": async (job) => {
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 503 });
      await local.drop(job);
    },
    "handed over": async (job) => {
      pulled.stack.s3.faults.add({ operation: "GetObject", kind: "accessDenied", times: 5 });
      await pulled.drop(job);
      await pulled.stack.drain();
      await pulled.cielo24.settled();
    },
    delivered: (job) => local.drop(job),
    rejected: async (job) => {
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: REFUSAL });
      await local.drop(job);
    },
    "in review": async (job) => {
      await make["answer lost"](job);
      await local.finish();
    },
    closed: async (job) => {
      await make["in review"](job);
      local.send({ reject: await local.decision(job) });
    },
    "with a conflict": async (job) => {
      await local.drop(job);
      await local.finish();
      await local.drop(job, undefined, "b.mp4");
    },
  };

  const isOurs = (name: Name) => name !== "handed over";
  const record = async (name: Name): Promise<Recorded> => {
    const stack = isOurs(name) ? local : pulled;
    const job = stack.newJob();
    await make[name](job);
    if (name !== "left behind") await stack.stack.drain();
    const row = await until(() => stack.row(job));
    // The next one is not to wait for the messages of this one.
    stack.stack.queue.purge();
    stack.cielo24.faults.clear();
    const { id = "", versionId = "" } = row.media ?? {};
    const { jobId, capability, ...others } = row;
    // It was good for something.
    const text = JSON.stringify({ ...others, ...(capability && { capability: "0".repeat(32) }) })
      .replaceAll(jobId, "<job>")
      .replaceAll(id || "<object>", "<object>")
      .replaceAll(versionId || "<version>", "<version>");
    return { at: stack.stack.runtime.clock(), row: JSON.parse(text) as Omit<Row, "jobId"> };
  };

  it("have the attributes that it writes", async () => {
    const made: Partial<Record<Name, Recorded>> = {};
    for (const name of NAMES) made[name] = await record(name);
    if (process.env["RECORD_ROWS"] === "1") {
      writeFileSync(FILE, JSON.stringify(made, undefined, 2) + "\n");
      return;
    }
    for (const name of NAMES)
      expect({ name, attributes: Object.keys(made[name]?.row ?? {}).sort() }).toEqual({
        name,
        attributes: Object.keys(recorded[name].row).sort(),
      });
  });
});
