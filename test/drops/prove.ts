import { HeadObjectCommand, ListMultipartUploadsCommand, NotFound, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { useDrops, MINUTE_MS } from "../harness/drops.ts";
import { useFolder } from "../harness/folder.ts";
import { sha256 } from "../harness/sha256.ts";
import { ACTIONS, INTERRUPTIONS, type Action, type Interruption } from "./actions.ts";
import type { Client } from "./client.ts";
import { makeFilm } from "./film.ts";
import { record, type Observed } from "./observed.ts";
import { run, runInVain, runUntilByte } from "./running.ts";
import { waitsFor } from "./waits-for.ts";

const MIB = 1024 * 1024;
const SMALL_BYTES = MIB;
const LARGE_BYTES = 20 * MIB;
/** Where an upload of the large film is interrupted: the first parts are there, whatever their size. */
const HALF_WAY_BYTES = 12 * MIB;
/** Not every program agrees on how to write such a name in a request. */
const FILM_NAME = "Vorlesung 7 (Übung) + Fragen.mp4";
/** A file that was changed then is newer than any copy in the bucket. */
const TOMORROW_S = Date.now() / 1_000 + 86_400;

/** What macOS and Windows leave beside a film, and what people put there. Each with content of its kind. */
const MAC_FOLDER: Readonly<Record<string, Buffer>> = {
  ".DS_Store": Buffer.concat([Buffer.from("\0\0\0\x01Bud1", "latin1"), Buffer.alloc(6_140)]),
  [`._${FILM_NAME}`]: Buffer.concat([Buffer.from("00051607000200004d6163204f532058", "hex"), Buffer.alloc(4_080)]),
  "Thumbs.db": Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(4_088)]),
  [`${FILM_NAME.slice(0, -4)}.srt`]: Buffer.from("1\n00:00:00,000 --> 00:00:01,000\nGood morning.\n\n".repeat(90)),
};

/** Proves that the client's drops end as they should, and records what the client does for the table. */
export const proveClient = (client: Client): void => {
  const isMissing = client.program === undefined;
  // `npm run test:drops` must not pass without a client in CI.
  const mustRun = process.env["CI"] === "true" && "S3_CLIENTS" in process.env;
  if (isMissing) process.stderr.write(`skipped: drops by ${client.name} (${client.comesFrom})\n`);
  (isMissing && !mustRun ? describe.skip : describe)(client.name, () => {
    prove(client);
  });
};

const prove = (client: Client): void => {
  let aheadMs = 0;
  // Drops settle as they do by default in a stage; elsewhere, the local stack saves the wait.
  const drops = useDrops({ clock: () => Date.now() - aheadMs, env: { DROP_SETTLE_S: "30" } });
  beforeEach(() => {
    // The clients go by the time of this machine, and S3 refuses who is a quarter of an hour off.
    aheadMs += drops.stack.runtime.clock() - Date.now();
  });
  const files = useFolder();
  let small: Buffer;
  let large: Buffer;
  beforeAll(async () => {
    [small, large] = [await makeFilm(SMALL_BYTES), await makeFilm(LARGE_BYTES)];
    await writeFile(files.file("small.mp4"), small);
    await writeFile(files.file("large.mp4"), large);
  });
  const observed: Partial<Record<Action, Observed>> = {};
  afterAll(() => record(client, observed));

  const place = () => ({ endpoint: drops.stack.s3.url, bucket: drops.stack.bucketName });
  const setting = () => ({ client, place: place(), credentials: drops.stack.operator, home: files.path });

  const upload = (name: string, key: string) => run(setting(), client.upload(place(), files.file(name), key));
  const sync = (name: string, prefix: string) => run(setting(), client.folder(place(), files.file(name), prefix));
  const copy = (from: string, to: string) => run(setting(), client.copy(place(), from, to));
  const move = (from: string, to: string) => run(setting(), client.move(place(), from, to));

  const putInto = (key: string, body: Buffer) =>
    drops.s3.send(new PutObjectCommand({ Bucket: drops.stack.bucketName, Key: key, Body: body }));

  const interrupt = async (by: Interruption, name: string, key: string): Promise<void> => {
    const file = files.file(name);
    const args = client.breakOff?.(by, file, key, HALF_WAY_BYTES);
    if (args) {
      await runInVain(setting(), args);
      return;
    }
    const { faults } = drops.stack.s3;
    await runUntilByte(setting(), (behind) => client.upload(behind, file, key), {
      bytes: HALF_WAY_BYTES,
      signal: by === "kill" ? "SIGKILL" : "SIGINT",
      onSignal: () => {
        // Whoever is late to obey uploads nothing more, but may still abort or complete.
        for (const operation of ["PutObject", "UploadPart"])
          faults.add({ operation, key, kind: "reset", times: 1_000 });
      },
    });
    faults.clear();
  };

  /** What came of everything, when nothing is left to do for the job. */
  const endOf = async (job: string) => {
    await drops.finish();
    const { conflictCount = 0 } = (await drops.row(job)) ?? {};
    return { media: drops.taken(job).map((each) => each.sha256), events: drops.announced(job), conflictCount };
  };
  const oneDeliveryOf = (film: Buffer) => ({ media: [sha256(film)], events: ["Media Delivered"], conflictCount: 0 });

  /** What is in the bucket after an interruption. */
  const leftAt = async (key: string): Promise<Observed> => {
    const where = { Bucket: drops.stack.bucketName };
    const { Uploads = [] } = await drops.s3.send(new ListMultipartUploadsCommand({ ...where, Prefix: key }));
    const object = await drops.s3.send(new HeadObjectCommand({ ...where, Key: key })).catch((error: unknown) => {
      if (error instanceof NotFound) return undefined;
      throw error;
    });
    if (object) {
      expect(object.ContentLength).toBeLessThan(LARGE_BYTES);
      return { is: "left", what: "truncated" };
    }
    return { is: "left", what: Uploads.length > 0 ? "parts" : "nothing" };
  };

  /** The client's requests that wrote something, since so many requests. */
  const writesSince = (before: number): Observed => {
    const writes: Record<string, number> = {};
    for (const { operation, status } of drops.stack.s3.requests.slice(before))
      if (WRITES.has(operation) && status < 300) writes[operation] = (writes[operation] ?? 0) + 1;
    return { is: "writes", writes };
  };
  const requests = () => drops.stack.s3.requests.length;

  /** A folder of this machine with these files and the small film. */
  const makeFolder = async (name: string, content: Readonly<Record<string, Buffer>> = {}): Promise<void> => {
    await mkdir(files.file(name));
    for (const [each, bytes] of Object.entries({ ...content, [FILM_NAME]: small }))
      await writeFile(files.file(`${name}/${each}`), bytes);
  };

  const twice = async (action: Action, between: (folder: string) => Promise<void>): Promise<void> => {
    const job = drops.newJob();
    await makeFolder(action);
    await sync(action, `media/${job}/`);
    await drops.finish();
    await between(action);
    const before = requests();
    await sync(action, `media/${job}/`);
    observed[action] = writesSince(before);
    expect(await endOf(job)).toEqual(oneDeliveryOf(small));
  };

  const inBucket = async (action: "copy" | "move", act: (from: string, to: string) => Promise<unknown>) => {
    const job = drops.newJob();
    const from = `inbox/${job}/${FILM_NAME}`;
    await putInto(from, large);
    const before = requests();
    await act(from, `media/${job}/${FILM_NAME}`);
    observed[action] = writesSince(before);
    expect(await endOf(job)).toEqual(oneDeliveryOf(large));
  };

  const single = async (action: "small" | "large", film: () => Buffer) => {
    const job = drops.newJob();
    const before = requests();
    await upload(`${action}.mp4`, `media/${job}/${FILM_NAME}`);
    observed[action] = writesSince(before);
    expect(await endOf(job)).toEqual(oneDeliveryOf(film()));
  };

  const interrupted = async (by: Interruption) => {
    const job = drops.newJob();
    const key = `media/${job}/film.mp4`;
    await interrupt(by, "large.mp4", key);
    observed[by] = await leftAt(key);
    await drops.pass(MINUTE_MS);
    await upload("large.mp4", key);
    expect(await endOf(job)).toEqual(oneDeliveryOf(large));
  };

  const proofs: Readonly<Record<keyof typeof ACTIONS, () => Promise<void>>> = {
    small: () => single("small", () => small),
    large: () => single("large", () => large),
    copy: () => inBucket("copy", copy),
    move: () => inBucket("move", move),
    twice: () => twice("twice", () => Promise.resolve()),
    touched: () => twice("touched", (folder) => utimes(files.file(`${folder}/${FILM_NAME}`), TOMORROW_S, TOMORROW_S)),
    mac: async () => {
      const job = drops.newJob();
      await makeFolder("mac", MAC_FOLDER);
      const before = requests();
      await sync("mac", `media/${job}/`);
      observed.mac = writesSince(before);
      expect(await endOf(job)).toEqual(oneDeliveryOf(small));
    },
    habit: async () => {
      const job = drops.newJob();
      const [by = "kill"] = client.interruptions;
      const inbox = `inbox/${job}/film.mp4`;
      await interrupt(by, "large.mp4", inbox);
      await drops.pass(MINUTE_MS);
      await upload("large.mp4", inbox);
      await move(inbox, `media/${job}/film.mp4`);
      expect(await endOf(job)).toEqual(oneDeliveryOf(large));
    },
  };

  const waits = waitsFor[client.name] ?? [];
  const test = (action: Action) => (waits.includes(action) ? it.failing : it);
  for (const action of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]) test(action)(ACTIONS[action], proofs[action]);
  for (const by of client.interruptions) test(by)(INTERRUPTIONS[by], () => interrupted(by));
};

const WRITES: ReadonlySet<string> = new Set(["PutObject", "UploadPart", "CopyObject", "UploadPartCopy"]);
