import { LedgerError, type Ledger, type Owners } from "../../lib/delivery/ledger.ts";
import { decideWrite, type Row } from "../../lib/delivery/machine/row.ts";

/** A ledger in memory. `beforeWrite` lets somebody else change rows between a read and a write. */
export const memoryLedger = (...rows: Row[]) => {
  const table = new Map(rows.map((row) => [row.jobId, row]));
  const ledger = {
    table,
    isDown: false,
    reads: 0,
    beforeWrite: (): void => undefined,
    read: (jobId: string) => {
      ledger.reads += 1;
      return ledger.isDown ? Promise.reject(new LedgerError()) : Promise.resolve(table.get(jobId));
    },
    write: (jobId: string, write: Parameters<Ledger["write"]>[1]): Promise<"written" | "refused"> => {
      if (ledger.isDown) return Promise.reject(new LedgerError());
      ledger.beforeWrite();
      const after = decideWrite(jobId, table.get(jobId), write);
      if (!after) return Promise.resolve("refused");
      table.set(jobId, after);
      return Promise.resolve("written");
    },
  };
  return ledger;
};

export const memoryOwners = (owners: Record<string, string> = {}) => {
  const table = new Map(Object.entries(owners));
  const port: Owners & { readonly table: ReadonlyMap<string, string>; isDown: boolean; reads: number } = {
    table,
    isDown: false,
    reads: 0,
    bind: (jobId, owner) => {
      if (port.isDown) return Promise.reject(new LedgerError());
      const first = table.get(jobId) ?? owner;
      table.set(jobId, first);
      return Promise.resolve(first);
    },
    ownerOf: (jobId) => {
      port.reads += 1;
      return port.isDown ? Promise.reject(new LedgerError()) : Promise.resolve(table.get(jobId));
    },
    changeOwner: (jobId, { from, to }) => {
      if (table.get(jobId) !== from) return Promise.resolve("refused");
      if (to === undefined) table.delete(jobId);
      else table.set(jobId, to);
      return Promise.resolve("written");
    },
  };
  return port;
};
