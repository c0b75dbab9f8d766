import { describe, expect, it } from "@jest/globals";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import type { Row, State } from "../../../lib/delivery/machine/row.ts";
import { markSidecar } from "../../../lib/delivery/sidecar.ts";
import { memoryLedger } from "../../harness/memory-ports.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const rowIn = (state: State, more: Partial<Row> = {}): Row => ({ jobId: JOB, state, fence: 4, updatedAt: 1, ...more });
const sidecar = (id: string) => ({ jobId: JOB, media: { id, kind: "object", key: `media/${JOB}/a.srt` } as const });

describe("the mark of a sidecar", () => {
  it.each(["UPLOADING", "SENDING", "FINALIZING", "DELIVERED", "REJECTED", "NEEDS_REVIEW"] as const)(
    "is all that changes in a row that is %s",
    async (state) => {
      const row = rowIn(state, { media: { id: "object:a", kind: "object" }, claimId: "c", notBefore: 5 });
      const ledger = memoryLedger(row);
      expect(await markSidecar(ledger, sidecar("object:srt"))).toBe("marked");
      expect(ledger.table.get(JOB)).toEqual({ ...row, sidecars: ["object:srt"] });
    },
  );

  it("makes no row", async () => {
    const ledger = memoryLedger();
    expect(await markSidecar(ledger, sidecar("object:srt"))).toBe("noRow");
    expect(ledger.table.size).toBe(0);
  });

  it("is made once", async () => {
    const ledger = memoryLedger(rowIn("DELIVERED", { sidecars: ["object:srt"] }));
    ledger.beforeWrite = () => {
      throw new Error("There is nothing to write");
    };
    expect(await markSidecar(ledger, sidecar("object:srt"))).toBe("marked");
  });

  it("is not made where the row has changed hands since it was read: the message comes back", async () => {
    const ledger = memoryLedger(rowIn("SENDING"));
    ledger.beforeWrite = () => {
      ledger.table.set(JOB, rowIn("SENDING", { fence: 5 }));
    };
    expect(await markSidecar(ledger, sidecar("object:srt"))).toBe("busy");
    expect(ledger.table.get(JOB)?.sidecars).toBeUndefined();
  });

  it("fails where the ledger does", async () => {
    const ledger = memoryLedger(rowIn("DELIVERED"));
    ledger.isDown = true;
    await expect(markSidecar(ledger, sidecar("object:srt"))).rejects.toThrow(LedgerError);
  });
});
