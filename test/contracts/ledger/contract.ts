import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, it as test } from "@jest/globals";
import fc from "fast-check";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { testsWith, type Differences } from "../differences.ts";
import type { AwsEnvironment } from "../../../lib/config.ts";
import { createDynamoLedger, createDynamoOwners, createTableClient } from "../../../lib/delivery/aws/table.ts";
import { LedgerError, MOST_GLANCES, type Ledger, type Owners } from "../../../lib/delivery/ledger.ts";
import { dueTime, entryAfter, isOpen } from "../../../lib/delivery/machine/open.ts";
import { decideWrite, SCHEMA_VERSION, type Row, type Write } from "../../../lib/delivery/machine/row.ts";
import * as transitions from "../../../lib/delivery/machine/transitions.ts";
import { claim, recordConflict, reportProgress } from "../../../lib/delivery/machine/transitions.ts";
import { STEPS, WRITES } from "./every-transition.ts";
import { writeCase, type WriteCase } from "./random-writes.ts";
import type { TableServer } from "./table-server.ts";
import { tapTable, type Wiretap } from "./wiretap.ts";
import type { MediaRef } from "../../../lib/media/key.ts";
import { recordRedirect } from "../../../lib/delivery/machine/transitions.ts";
import { listen } from "../../../dev/stack/listen.ts";
import { TABLE_KEYS } from "../../../dev/stack/table.ts";

const BATCH = 25;
const TABLE = "deliveries";
/** Dozens of calls at once take their time on a busy machine. */
const PATIENT = { requestTimeoutMs: 60_000, maxAttempts: 3 };
const MEDIA: MediaRef = { id: "object:a", kind: "object", key: "media/a", versionId: "v1" };

const awsEnvironment = (endpoint: string): AwsEnvironment => ({
  region: "us-east-1",
  endpoint,
  credentials: { accessKeyId: "AKIDTEST", secretAccessKey: "secret" },
});

/** The ledger's client, which also takes and gives items as JavaScript's values. */
const createDocumentClient = (...parameters: Parameters<typeof createTableClient>): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(createTableClient(...parameters), { marshallOptions: { removeUndefinedValues: true } });

const createTable = async (endpoint: string): Promise<void> => {
  const client = new DynamoDBClient({
    ...awsEnvironment(endpoint),
    endpoint,
    credentials: { accessKeyId: "AKIDTEST", secretAccessKey: "secret" },
  });
  await client.send(new CreateTableCommand({ TableName: TABLE, ...TABLE_KEYS }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName: TABLE });
  client.destroy();
};

const SETS_NOTHING = "that sets nothing";
const changes = ({ set, remove = [] }: Write): boolean => Object.keys(set).length + remove.length > 0;

const rowToItem = ({ jobId, expiresAt, ...attributes }: Row) => ({
  ...attributes,
  job_id: jobId,
  ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
});

let jobs = 0;
/** A job that no other test knows. */
const newJob = (): string => (jobs += 1).toString(16).padStart(32, "0");

const aClaim = (claimId: string) => ({ claimId, leaseUntil: 900_000, now: 1_000, sizeBytes: 7 });

/** What every implementation of DynamoDB must make of the ledger. Starts the server once. */
export const ledgerContract = (
  name: string,
  start: () => Promise<TableServer>,
  { differences = {}, randomWrites = 2_100 }: { differences?: Differences; randomWrites?: number } = {},
): void => {
  describe(`the ledger on ${name}`, () => {
    const { it, unmet } = testsWith(differences);
    let server: TableServer;
    let tap: Wiretap;
    let client: DynamoDBDocumentClient;
    let tapped: DynamoDBDocumentClient;
    let ledger: Ledger;
    let owners: Owners;

    beforeAll(async () => {
      server = await start();
      await createTable(server.endpoint);
      tap = await tapTable(server.endpoint);
      client = createDocumentClient(awsEnvironment(server.endpoint), PATIENT);
      tapped = createDocumentClient(awsEnvironment(tap.endpoint), PATIENT);
      ledger = createDynamoLedger({ client, tableName: TABLE });
      owners = createDynamoOwners({ client, tableName: TABLE });
    });

    afterEach(() => {
      tap.calls.length = 0;
    });

    afterAll(async () => {
      client.destroy();
      tapped.destroy();
      await tap.close();
      await server.close();
    });

    const putRow = (row: Row) => client.send(new PutCommand({ TableName: TABLE, Item: rowToItem(row) }));
    const itemOf = async (jobId: string) =>
      (await client.send(new GetCommand({ TableName: TABLE, Key: { job_id: jobId }, ConsistentRead: true }))).Item;

    const entryOf = async (jobId: string) => {
      const item: Readonly<Record<string, unknown>> = (await itemOf(jobId)) ?? {};
      return { shard: item["open_shard"], dueAt: item["due_at"] };
    };
    const shardOf = (jobId: string) => `open#${Number.parseInt(jobId.slice(-1), 16)}`;
    const listDue = async (by: number): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const jobId of ledger.listDue(by)) found.push(jobId);
      return found;
    };

    describe("decides every write as decideWrite does", () => {
      const carryOut = async ({ row: attributes, write }: WriteCase, jobId = newJob(), isThere = false) => {
        const row = attributes && { ...attributes, jobId };
        if (row && !isThere) await putRow(row);
        const decided = decideWrite(jobId, row, write);
        const outcome = await ledger.write(jobId, write);
        const [after, found] = await Promise.all([ledger.read(jobId), entryOf(jobId)]);
        try {
          expect({ outcome, after }).toEqual({ outcome: decided ? "written" : "refused", after: decided ?? row });
          const entry = decided ? entryAfter(write) : "kept";
          expect(found).toEqual(
            typeof entry === "number"
              ? { shard: shardOf(jobId), dueAt: entry }
              : { shard: undefined, dueAt: undefined },
          );
        } catch (error) {
          throw new Error(`row ${inspect(row, { depth: 5 })}\nwrite ${inspect(write, { depth: 5 })}`, { cause: error });
        }
        return decided !== undefined;
      };

      /** As many as one call may put. */
      const carryOutBatch = async (batch: readonly WriteCase[]): Promise<boolean[]> => {
        const named = batch.map((each) => ({ each, jobId: newJob() }));
        const puts = named.flatMap(({ each: { row }, jobId }) =>
          row ? [{ PutRequest: { Item: rowToItem({ ...row, jobId }) } }] : [],
        );
        const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [TABLE]: puts } }));
        expect(UnprocessedItems).toEqual({});
        return Promise.all(named.map(({ each, jobId }) => carryOut(each, jobId, true)));
      };

      const seed = Number(process.env["LEDGER_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
      it(`on ${randomWrites} random rows (LEDGER_SEED=${seed})`, async () => {
        const cases = fc
          .sample(writeCase, { numRuns: randomWrites, seed })
          .filter(({ write }) => !(SETS_NOTHING in (differences.fails ?? {})) || changes(write));
        let written = 0;
        for (let at = 0; at < cases.length; at += BATCH)
          written += (await carryOutBatch(cases.slice(at, at + BATCH))).filter(Boolean).length;
        // Otherwise one of the two answers was hardly tried.
        expect(written).toBeGreaterThan(randomWrites / 5);
        expect(written).toBeLessThan((randomWrites * 4) / 5);
      }, 180_000);

      const row = { state: "DELIVERED", fence: 3, media: MEDIA, claimId: "a", updatedAt: 5 } as const;
      const cases: Record<string, WriteCase> = {
        "where no state is allowed": { row, write: { if: { state: [] }, set: { taskId: "t" } } },
        [SETS_NOTHING]: { row, write: { if: { state: ["DELIVERED"] }, set: {} } },
        "that only removes": { row, write: { if: { state: ["DELIVERED"] }, set: {}, remove: ["claimId", "media"] } },
        "that removes what is not there": { row, write: { if: { state: ["DELIVERED"] }, set: {}, remove: ["taskId"] } },
        "that sets and removes the same": {
          row,
          write: { if: { state: ["DELIVERED"] }, set: { claimId: "b", taskId: "t" }, remove: ["claimId"] },
        },
        "that wants no row where there is one": { row, write: { if: { state: ["none"] }, set: { fence: 9 } } },
        "that wants a row where there is none": {
          row: undefined,
          write: { if: { state: ["DELIVERED"] }, set: { fence: 9 } },
        },
        "that wants a fence where there is no row": {
          row: undefined,
          write: { if: { state: ["none"], fence: 0 }, set: row },
        },
        "that wants other media": {
          row,
          write: { if: { state: ["DELIVERED"], mediaId: "object:b" }, set: { fence: 9 } },
        },
        "that wants no conflicts where none were counted": {
          row,
          write: { if: { state: ["DELIVERED"], conflictCount: 0 }, set: { conflictCount: 1 } },
        },
        "that wants no conflicts where zero were counted": {
          row: { ...row, conflictCount: 0 },
          write: { if: { state: ["DELIVERED"], conflictCount: 0 }, set: { conflictCount: 1 } },
        },
        "that wants a conflict where none were counted": {
          row,
          write: { if: { state: ["DELIVERED"], conflictCount: 1 }, set: { conflictCount: 2 } },
        },
        "that wants the capability that there is": {
          row: { ...row, capability: "c" },
          write: { if: { state: ["DELIVERED"], capability: "c" }, set: { redirected: true } },
        },
        "that wants another capability": {
          row: { ...row, capability: "c" },
          write: { if: { state: ["DELIVERED"], capability: "d" }, set: { redirected: true } },
        },
        "that wants a capability where there is none": {
          row,
          write: { if: { state: ["DELIVERED"], capability: "c" }, set: { redirected: true } },
        },
        "to a row that a newer release wrote": {
          row: { ...row, schemaVersion: SCHEMA_VERSION + 1 },
          write: { if: { state: ["DELIVERED"], fence: 3 }, set: { fence: 9 } },
        },
        "to a row whose version is known": {
          row: { ...row, schemaVersion: SCHEMA_VERSION },
          write: { if: { state: ["DELIVERED"], fence: 3 }, set: { fence: 9 } },
        },
        "that wants no redirect where none was recorded": {
          row,
          write: { if: { state: ["DELIVERED"], redirected: false }, set: { fence: 9 } },
        },
        "that wants no redirect where one was recorded": {
          row: { ...row, redirected: true },
          write: { if: { state: ["DELIVERED"], redirected: false }, set: { fence: 9 } },
        },
      };
      for (const [description, each] of Object.entries(cases))
        it(description, async () => {
          await carryOut(each);
        });

      it("that sets an attribute to undefined: it is absent afterwards", async () => {
        const jobId = newJob();
        await putRow({ ...row, jobId });
        const set = { claimId: undefined, taskId: "t" } as unknown as Write["set"];
        await expect(ledger.write(jobId, { if: { state: ["DELIVERED"] }, set })).resolves.toBe("written");
        await expect(ledger.read(jobId)).resolves.toEqual({
          state: "DELIVERED",
          fence: 3,
          media: MEDIA,
          updatedAt: 5,
          taskId: "t",
          jobId,
        });
      });
    });

    it("gives a job to one of 50 workers that claim it at once", async () => {
      const jobId = newJob();
      const claimIds = Array.from({ length: 50 }, (_, worker) => `worker-${worker}`);
      const outcomes = await Promise.all(
        claimIds.map((claimId) => ledger.write(jobId, claim(undefined, MEDIA, aClaim(claimId)))),
      );
      const winners = claimIds.filter((_, worker) => outcomes[worker] === "written");
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "refused")).toHaveLength(49);
      await expect(ledger.read(jobId)).resolves.toMatchObject({ claimId: winners[0], fence: 1, claims: 1 });
    });

    it("lets one of 20 take over a row whose lease is over", async () => {
      const jobId = newJob();
      await ledger.write(jobId, claim(undefined, MEDIA, aClaim("dead")));
      const seen = await ledger.read(jobId);
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, worker) => ledger.write(jobId, claim(seen, MEDIA, aClaim(`worker-${worker}`)))),
      );
      expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
      await expect(ledger.read(jobId)).resolves.toMatchObject({ fence: 2, claims: 2 });
    });

    it("refuses the progress of a worker that has lost its claim", async () => {
      const jobId = newJob();
      await ledger.write(jobId, claim(undefined, MEDIA, aClaim("first")));
      await ledger.write(jobId, claim(await ledger.read(jobId), MEDIA, aClaim("second")));
      const progress = reportProgress({ fence: 1, claimId: "first" }, { now: 2_000, sentBytes: 5 });
      await expect(ledger.write(jobId, progress)).resolves.toBe("refused");
      await expect(ledger.read(jobId)).resolves.toMatchObject({ claimId: "second", sentBytes: 0 });
    });

    it("lets one of a redirect and a withdrawal that takes it for none be written", async () => {
      const jobId = newJob();
      const row: Row = { jobId, state: "FINALIZING", fence: 2, media: MEDIA, capability: "c", updatedAt: 1 };
      await putRow(row);
      const withdrawal: Write = {
        if: { state: ["FINALIZING"], fence: 2, capability: "c", redirected: false },
        set: { state: "SENDING", fence: 3 },
        remove: ["capability"],
      };
      const outcomes = await Promise.all([
        ledger.write(jobId, withdrawal),
        ...Array.from({ length: 5 }, () => ledger.write(jobId, recordRedirect(row))),
      ]);
      const after = await ledger.read(jobId);
      expect(after?.redirected).toBe(outcomes[0] === "refused" ? true : undefined);
      expect(outcomes.slice(1)).toEqual(Array(5).fill(outcomes[0] === "refused" ? "written" : "refused"));
    });

    it("counts every one of the conflicts that several workers record at once", async () => {
      const jobId = newJob();
      await putRow({ jobId, state: "DELIVERED", fence: 1, media: MEDIA, updatedAt: 1 });
      const record = async (mediaId: string): Promise<void> => {
        const row = await ledger.read(jobId);
        if (!row) throw new Error("The row is gone");
        if ((await ledger.write(jobId, recordConflict(row, mediaId))) === "refused") await record(mediaId);
      };
      const others = Array.from({ length: 6 }, (_, number) => `object:other-${number}`);
      await Promise.all(others.map(record));
      const row = await ledger.read(jobId);
      expect(row?.conflictCount).toBe(6);
      expect([...(row?.conflicts ?? [])].sort()).toEqual(others);
    });

    it("gives back the row that was written, attribute by attribute", async () => {
      const jobId = newJob();
      const row: Required<Row> = {
        jobId,
        state: "REJECTED",
        schemaVersion: 1,
        fence: 7,
        claimId: "c".repeat(32),
        media: { id: "object:a", kind: "object", key: "media/ü 😀+%2F", versionId: "null" },
        leaseUntil: 1_795_500_000_123,
        settledAt: 1_795_500_000_456,
        posts: 5,
        claims: 7,
        notBefore: 1_795_500_000_124,
        waiting: { type: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." },
        settlingSince: 1_795_500_000_128,
        unknownSince: 1_795_500_000_125,
        everUnknown: false,
        answeredError: true,
        bytesInVain: 53_687_091_195,
        handOver: true,
        capability: "d".repeat(32),
        capabilityUntil: 1_795_500_000_789,
        redirected: true,
        pulls: 2,
        rejected: ["object:a", "object:b"],
        conflicts: [],
        conflictCount: 0,
        otherMedia: 0,
        sidecars: ["object:c"],
        decision: {
          what: "resend",
          fence: 6,
          by: "ops@example.com",
          why: "the secret was wrong",
          at: 1_795_500_000_126,
        },
        closed: true,
        cancelledAt: 1_795_500_000_119,
        signedAfter: ["f".repeat(32)],
        signedAt: 1_795_500_000_120,
        droppedAt: 1_795_500_000_121,
        late: true,
        jobSeenAt: 1_795_500_000_127,
        announced: true,
        announcer: "f".repeat(32),
        announcerUntil: 1_795_500_000_129,
        forgottenAt: 1_795_500_000_130,
        taskId: "",
        error: { type: "INVALID_QUERY", comment: "“no such job”" },
        sizeBytes: 10_737_418_239,
        look: {
          container: "MP4",
          durationS: 2_880.5,
          audioTracks: 1,
          videoTracks: 0,
          concern: { type: "NO_AUDIO", comment: "There is no audio track." },
        },
        sentBytes: 0,
        sha256: "e".repeat(64),
        updatedAt: 1_795_500_000_999,
        expiresAt: 1_795_500_001,
      };
      const set: Partial<Row> = { ...row };
      Reflect.deleteProperty(set, "jobId");
      await expect(ledger.write(jobId, { if: { state: ["none"] }, set })).resolves.toBe("written");
      await expect(ledger.read(jobId)).resolves.toEqual(row);
    });

    it("keeps the end of a row's life where time to live looks for it, in seconds", async () => {
      const jobId = newJob();
      const set = { state: "UPLOADING", fence: 0, updatedAt: 1, expiresAt: 1_795_500_001 } as const;
      await ledger.write(jobId, { if: { state: ["none"] }, set });
      await expect(itemOf(jobId)).resolves.toMatchObject({ job_id: jobId, expires_at: 1_795_500_001 });
      await ledger.write(jobId, { if: { state: ["UPLOADING"] }, set: {}, remove: ["expiresAt"] });
      await expect(itemOf(jobId)).resolves.not.toHaveProperty("expires_at");
    });

    it("knows nothing of a job that nobody has written", async () => {
      await expect(ledger.read(newJob())).resolves.toBeUndefined();
    });

    it("reads consistently", async () => {
      const watched = createDynamoLedger({ client: tapped, tableName: TABLE });
      await watched.read(newJob());
      await createDynamoOwners({ client: tapped, tableName: TABLE }).ownerOf(newJob());
      expect(tap.calls.map(({ operation, input }) => [operation, input["ConsistentRead"]])).toEqual([
        ["GetItem", true],
        ["GetItem", true],
      ]);
    });

    describe("pulls", () => {
      it("are counted, those at once too", async () => {
        const jobId = newJob();
        await ledger.write(jobId, claim(undefined, MEDIA, aClaim("a")));
        await Promise.all(Array.from({ length: 5 }, () => ledger.countPull(jobId)));
        await expect(ledger.read(jobId)).resolves.toMatchObject({ pulls: 5, claimId: "a" });
      });

      it("make no row where there is none", async () => {
        const jobId = newJob();
        await ledger.countPull(jobId);
        await expect(itemOf(jobId)).resolves.toBeUndefined();
      });
    });

    describe("owners", () => {
      it("bind a job to the first who asks, and tell all others who that was", async () => {
        const jobId = newJob();
        await expect(owners.ownerOf(jobId)).resolves.toBeUndefined();
        await expect(owners.bind(jobId, "alice")).resolves.toBe("alice");
        await expect(owners.bind(jobId, "bob")).resolves.toBe("alice");
        await expect(owners.ownerOf(jobId)).resolves.toBe("alice");
      });

      it("bind a job to one of 20 who ask at once", async () => {
        const jobId = newJob();
        const bound = await Promise.all(
          Array.from({ length: 20 }, (_, number) => owners.bind(jobId, `user-${number}`)),
        );
        expect(new Set(bound).size).toBe(1);
        await expect(owners.ownerOf(jobId)).resolves.toBe(bound[0]);
      });

      it("are no rows of the ledger, nor the other way round", async () => {
        const jobId = newJob();
        await owners.bind(jobId, "alice");
        await expect(ledger.read(jobId)).resolves.toBeUndefined();
        await expect(ledger.write(jobId, claim(undefined, MEDIA, aClaim("a")))).resolves.toBe("written");
        await expect(owners.ownerOf(jobId)).resolves.toBe("alice");
      });

      it("can be corrected, by whoever has seen the wrong one", async () => {
        const jobId = newJob();
        await owners.bind(jobId, "operator");
        await expect(owners.changeOwner(jobId, { from: "alice", to: "bob" })).resolves.toBe("refused");
        await expect(owners.changeOwner(jobId, { from: "operator", to: "alice" })).resolves.toBe("written");
        await expect(owners.ownerOf(jobId)).resolves.toBe("alice");
        await expect(owners.changeOwner(jobId, { from: "operator" })).resolves.toBe("refused");
        await expect(owners.bind(jobId, "bob")).resolves.toBe("alice");
      });

      it("can be taken away, which leaves the job to the next who asks", async () => {
        const jobId = newJob();
        await expect(owners.changeOwner(jobId, { from: "alice" })).resolves.toBe("refused");
        await owners.bind(jobId, "operator");
        await expect(owners.changeOwner(jobId, { from: "operator" })).resolves.toBe("written");
        await expect(owners.ownerOf(jobId)).resolves.toBeUndefined();
        await expect(owners.changeOwner(jobId, { from: "operator", to: "bob" })).resolves.toBe("refused");
        await expect(owners.bind(jobId, "alice")).resolves.toBe("alice");
      });

      it("never expire", async () => {
        const jobId = newJob();
        await owners.bind(jobId, "alice");
        await expect(itemOf(`owner#${jobId}`)).resolves.toEqual({ job_id: `owner#${jobId}`, owner: "alice" });
      });
    });

    describe("the index of open rows", () => {
      test("has a case for every transition", () => {
        const names = Object.values(transitions)
          .filter((each) => typeof each === "function")
          .map(({ name }) => name);
        expect(
          names.filter((name) => !STEPS.some(([transition]) => transition.startsWith(name)) && WRITES(name)),
        ).toEqual([]);
      });

      for (const [name, { row: attributes, make }] of STEPS)
        it(`shows the row if it is open, and no other: ${name}`, async () => {
          const jobId = newJob();
          const before = attributes && { ...attributes, jobId };
          if (attributes) {
            await ledger.write(jobId, { if: { state: ["none"] }, set: attributes });
          }
          await expect(ledger.write(jobId, make(before))).resolves.toBe("written");
          const after = await ledger.read(jobId);
          if (!after) throw new Error("The row is gone");
          const open = isOpen(after);
          expect((await listDue(Number.MAX_SAFE_INTEGER)).includes(jobId)).toBe(open);
          expect(await entryOf(jobId)).toEqual(
            open ? { shard: shardOf(jobId), dueAt: expect.any(Number) } : { shard: undefined, dueAt: undefined },
          );
          // Whatever is looked for is there by then.
          if (open && after.state !== "UPLOADING")
            expect((await listDue(Math.max(dueTime(after), before?.leaseUntil ?? 0))).includes(jobId)).toBe(true);
        });

      it("shows a job once, and only what is due by then, whatever its shard", async () => {
        const jobIds = Array.from({ length: 32 }, newJob);
        for (const [number, jobId] of jobIds.entries())
          await ledger.write(jobId, claim(undefined, MEDIA, { ...aClaim("a"), leaseUntil: 10_000 + number }));
        const found = (await listDue(10_030)).filter((jobId) => jobIds.includes(jobId));
        expect([...found].sort()).toEqual(jobIds.slice(0, 31));
        expect(new Set(await Promise.all(jobIds.map(async (jobId) => (await entryOf(jobId)).shard))).size).toBe(16);
      });

      it("asks one shard after the other, and for a page only when it is wanted", async () => {
        const watched = createDynamoLedger({ client: tapped, tableName: TABLE });
        const jobId = newJob();
        await ledger.write(jobId, claim(undefined, MEDIA, { ...aClaim("a"), leaseUntil: -1, now: -1 }));
        for await (const found of watched.listDue(-1)) expect(found).toBe(jobId);
        expect(tap.calls).toHaveLength(16);
        expect(tap.calls[0]).toMatchObject({ operation: "Query", input: { IndexName: "open" } });
        tap.calls.length = 0;
        await watched.listDue(Number.MAX_SAFE_INTEGER)[Symbol.asyncIterator]().next();
        expect(tap.calls).toHaveLength(1);
      });
    });

    describe("a glance", () => {
      it("shows the rows that there are, and reads cheaply", async () => {
        const watched = createDynamoLedger({ client: tapped, tableName: TABLE });
        const [there, absent] = [newJob(), newJob()];
        await putRow({ jobId: there, state: "REJECTED", fence: 1, updatedAt: 1, expiresAt: 2 });
        const rows = await watched.glance([there, absent]);
        expect([...rows]).toEqual([[there, { jobId: there, state: "REJECTED", fence: 1, updatedAt: 1, expiresAt: 2 }]]);
        expect(tap.calls).toHaveLength(1);
        expect(JSON.stringify(tap.calls[0]?.input)).not.toContain("ConsistentRead");
      });

      it("shows a hundred rows at once, those too that do not fit into one answer", async () => {
        const jobIds = Array.from({ length: MOST_GLANCES }, newJob);
        // 18 MB, where an answer holds 16.
        const error = { type: "X", comment: "x".repeat(180_000) };
        await Promise.all(jobIds.map((jobId) => putRow({ jobId, state: "REJECTED", fence: 1, updatedAt: 1, error })));
        const rows = await ledger.glance(jobIds);
        expect([...rows.keys()].sort()).toEqual(jobIds);
      }, 60_000);
    });

    describe("when an answer is lost", () => {
      it("a write that happened is refused when the SDK repeats it, and the row shows whose it is", async () => {
        const watched = createDynamoLedger({ client: tapped, tableName: TABLE });
        const jobId = newJob();
        tap.loseNextAnswer();
        await expect(watched.write(jobId, claim(undefined, MEDIA, aClaim("mine")))).resolves.toBe("refused");
        expect(tap.calls.map(({ operation }) => operation)).toEqual(["UpdateItem", "UpdateItem"]);
        await expect(watched.read(jobId)).resolves.toMatchObject({ claimId: "mine", fence: 1 });
      });

      it("a change of owner that happened is refused when the SDK repeats it, and the job shows whose it is", async () => {
        const watched = createDynamoOwners({ client: tapped, tableName: TABLE });
        for (const to of ["alice", undefined]) {
          const jobId = newJob();
          await owners.bind(jobId, "operator");
          tap.loseNextAnswer();
          const change = to === undefined ? { from: "operator" } : { from: "operator", to };
          await expect(watched.changeOwner(jobId, change)).resolves.toBe("refused");
          await expect(owners.ownerOf(jobId)).resolves.toBe(to);
        }
      });

      it("a binding that happened is told all the same", async () => {
        const jobId = newJob();
        tap.loseNextAnswer();
        const watched = createDynamoOwners({ client: tapped, tableName: TABLE });
        await expect(watched.bind(jobId, "alice")).resolves.toBe("alice");
      });
    });

    if (unmet().length > 0) throw new Error(`The contract has no such tests: ${unmet().join("; ")}`);
  });
};

/** What must happen when there is no table behind the ledger; needs no server. */
export const unreachableLedgerContract = (): void => {
  describe("the ledger without its table", () => {
    const calls = (endpoint: string, limits?: { requestTimeoutMs: number; maxAttempts: number }) => {
      const client = createDocumentClient(awsEnvironment(endpoint), limits);
      const ledger = createDynamoLedger({ client, tableName: TABLE });
      const owners = createDynamoOwners({ client, tableName: TABLE });
      const jobId = newJob();
      const promises = [
        ledger.read(jobId),
        ledger.write(jobId, claim(undefined, MEDIA, aClaim("a"))),
        ledger.countPull(jobId),
        ledger.listDue(1)[Symbol.asyncIterator]().next(),
        ledger.glance([jobId]),
        owners.bind(jobId, "alice"),
        owners.ownerOf(jobId),
        owners.changeOwner(jobId, { from: "alice" }),
      ];
      return { client, promises, jobId };
    };

    test("gives up on a table that hangs, and says no more than that", async () => {
      const server = createServer();
      const endpoint = `http://127.0.0.1:${await listen(server)}`;
      const { client, promises, jobId } = calls(endpoint, { requestTimeoutMs: 150, maxAttempts: 2 });
      const startedAt = Date.now();
      for (const result of await Promise.allSettled(promises)) {
        const error: unknown = result.status === "rejected" ? result.reason : undefined;
        expect(error).toBeInstanceOf(LedgerError);
        expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(
          new RegExp(`${jobId}|127\\.0\\.0\\.1|${TABLE}`),
        );
      }
      expect(Date.now() - startedAt).toBeLessThan(5_000);
      client.destroy();
      server.close();
    });

    test("goes on where a page of the index ended", async () => {
      const keys: unknown[] = [];
      const server = createHttpServer((request, response) => {
        void text(request).then((body) => {
          const { ExclusiveStartKey: from } = JSON.parse(body) as Record<string, unknown>;
          keys.push(from);
          const end = from === undefined ? { LastEvaluatedKey: { job_id: { S: "a" } } } : {};
          response.end(JSON.stringify({ Items: [{ job_id: { S: from ? "b" : "a" } }], ...end }));
        });
      });
      const client = createDocumentClient(awsEnvironment(`http://127.0.0.1:${await listen(server)}`));
      const found: string[] = [];
      for await (const jobId of createDynamoLedger({ client, tableName: TABLE }).listDue(1)) found.push(jobId);
      expect(found).toEqual(Array.from({ length: 32 }, (_, page) => (page % 2 === 0 ? "a" : "b")));
      expect(keys.filter(Boolean)).toEqual(Array(16).fill({ job_id: { S: "a" } }));
      client.destroy();
      server.close();
    });

    test("gives up on a table that cannot be reached", async () => {
      const { client, promises } = calls("http://127.0.0.1:1");
      for (const result of await Promise.allSettled(promises))
        expect(result).toEqual({ status: "rejected", reason: expect.any(LedgerError) });
      client.destroy();
    });

    test("lets a call have three attempts of three seconds", async () => {
      const client = createDocumentClient(awsEnvironment("http://127.0.0.1:1"));
      await expect(client.config.maxAttempts()).resolves.toBe(3);
      const { requestTimeout, throwOnRequestTimeout } = await (
        client.config.requestHandler as unknown as { configProvider: Promise<Record<string, unknown>> }
      ).configProvider;
      expect({ requestTimeout, throwOnRequestTimeout }).toEqual({ requestTimeout: 3_000, throwOnRequestTimeout: true });
      client.destroy();
    });
  });
};
