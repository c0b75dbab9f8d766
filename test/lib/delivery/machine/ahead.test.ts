import { describe, expect, it } from "@jest/globals";
import { start } from "../../../../lib/delivery/machine/machine.ts";
import type { Drop } from "../../../../lib/delivery/machine/protocol.ts";
import { A, HOUR_MS, JOB_ID, MINUTE_MS, NOW, row, Run, SECOND_MS, SETTINGS, URL_OF_CALLER } from "./machine-driver.ts";

const BODY = { id: "body:c", kind: "body" } as const;
const OPERATORS = { isOperators: true, arrivedAt: NOW } as const;

describe("while the row is read", () => {
  const commandFor = (drop: Partial<Drop>, settings = SETTINGS) =>
    start({ jobId: JOB_ID, role: "queue", media: A, receiveCount: 1, lastChance: false, ...drop }, settings).command;

  it("an object that has just come is measured, and job/info asked", () => {
    expect(commandFor({})).toEqual({ do: "read", ahead: A });
    expect(commandFor(OPERATORS, { ...SETTINGS, dropSettleMs: 0 })).toEqual({ do: "read", ahead: A });
  });

  it.each<[string, Partial<Drop>]>([
    ["one that has come before", { receiveCount: 2 }],
    ["one that settles first", OPERATORS],
    ["a caller's media", { role: "caller", media: URL_OF_CALLER }],
    ["a message about the row", { role: "reconcile", media: undefined }],
  ])("nothing is asked about %s", (_what, drop) => {
    expect(commandFor(drop)).toEqual({ do: "read", ahead: undefined });
  });

  it.each([undefined, row("UPLOADING")])("what was asked then will do where nobody has had the row (%j)", (at) => {
    const run = new Run(at ? { row: at } : {});
    expect(run.command).toMatchObject({ do: "inspect", wasAhead: true });
    expect(run.finds("current").command).toMatchObject({ do: "ask", wasAhead: true });
  });

  it.each([
    row("SENDING", { notBefore: NOW, claims: 0 }),
    row("SENDING", { claimId: "other", leaseUntil: NOW }),
    row("REJECTED", { media: { ...A, id: "other" }, announced: true }),
  ])("what was asked then is asked again where others have had it (%j)", (at) => {
    const run = new Run({ row: at });
    expect(run.command).toMatchObject({ do: "inspect", wasAhead: false });
    expect(run.finds("current").command).toMatchObject({ do: "ask", wasAhead: false });
  });

  it("job/info is asked again about media whose outcome is unknown", () => {
    const run = new Run({ row: row("FINALIZING", { settledAt: NOW, claimId: "other" }) });
    expect(run.command).toEqual({ do: "ask" });
  });

  it("what was asked then is asked again where the first claim was refused", () => {
    const run = new Run({}).before("SENDING", () => "lost").claims();
    expect(run.command).toMatchObject({ do: "inspect", wasAhead: false });
  });
});

describe("a POST that is likely has its connection opened", () => {
  it("as soon as the row is read, and no later than job/info is asked", () => {
    const run = new Run({});
    expect(run.command).toMatchObject({ do: "inspect", connects: true });
    expect(run.finds("current").command).toMatchObject({ do: "ask", connects: true });
    const call = new Run({ drop: { role: "caller", media: BODY, sizeBytes: 3 } });
    expect(call.command).toMatchObject({ do: "ask", connects: true });
  });

  it("unless cielo24 gets a URL, or the object settles first", () => {
    const unlikely = { do: "inspect", connects: false };
    expect(new Run({ settings: { mode: "url" } }).command).toMatchObject(unlikely);
    expect(new Run({ row: row("SENDING", { claims: 1, notBefore: NOW, handOver: true }) }).command).toMatchObject(
      unlikely,
    );
    expect(new Run({ drop: OPERATORS }).command).toMatchObject(unlikely);
    const call = new Run({ drop: { role: "caller", media: URL_OF_CALLER } });
    expect(call.command).toMatchObject({ do: "ask", connects: false });
  });

  it("even for an object that was to settle, once bytes of it may have gone out", () => {
    const at = row("SENDING", { claims: 1, claimId: "other", leaseUntil: NOW - HOUR_MS });
    expect(new Run({ drop: { ...OPERATORS, arrivedAt: NOW - SECOND_MS }, row: at }).command).toMatchObject({
      do: "inspect",
      connects: true,
    });
  });
});

describe("while the claim is written", () => {
  const openedBy = (run: Run) => run.writes[0]?.opens;

  it("the object is opened that is to be sent", () => {
    expect(openedBy(new Run({}).claims())).toEqual({ media: A, sizeBytes: 1_000 });
  });

  it("nothing is opened that is not sent: a URL, what is rejected, or a caller's body", () => {
    expect(openedBy(new Run({ settings: { mode: "url" } }).claims())).toBeUndefined();
    expect(openedBy(new Run({}).finds("gone"))).toBeUndefined();
    expect(openedBy(new Run({ drop: { role: "caller", media: BODY, sizeBytes: 3 } }).claims())).toBeUndefined();
    const late = { row: row("SENDING", { claims: 1, notBefore: NOW - MINUTE_MS, handOver: true }) };
    expect(openedBy(new Run(late).claims())).toBeUndefined();
  });
});
