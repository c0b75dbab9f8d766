import type { Ledger } from "../../lib/delivery/ledger.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { isExpired } from "../../lib/delivery/machine/uploading.ts";
import { respond } from "../../lib/http/response.ts";
import { ApiError } from "../../lib/http/errors.ts";
import type { Ownership } from "../../lib/http/ownership.ts";
import type { Endpoint } from "../../lib/http/request.ts";
import { validate } from "../../lib/http/validate.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { deliveryParameters } from "./schema.ts";
import { hasEnded, shownState, showRow } from "./shown.ts";

interface DeliveryStatus {
  readonly ledger: Pick<Ledger, "read">;
  readonly ownership: Ownership;
  readonly runtime: Pick<Runtime, "clock" | "sleep">;
}

const FIRST_POLL_MS = 500;
const LATER_POLL_MS = 1_000;
/** Progress alone is answered no sooner, or a client that asks again at once would make a call of every write. */
const PROGRESS_AFTER_MS = 2_000;
/** Left for the last read of the ledger. */
const READ_RESERVE_MS = 2_000;

/**
 * How the delivery of a job's media goes. With `wait`, answers as soon as its state changes, what it waits for, or its progress; at once
 * where the delivery has ended, and after so many seconds in any case.
 */
export const deliveryStatus =
  ({ ledger, ownership, runtime }: DeliveryStatus): Endpoint =>
  async ({ parameters, caller, deadline }) => {
    const { job_id: jobId, wait: waitS } = validate(deliveryParameters, parameters);
    await ownership.check(caller, jobId);

    const read = async (): Promise<Row> => {
      const row = await ledger.read(jobId);
      if (!row || isExpired(row, runtime.clock())) throw new ApiError("ITEM_NOT_FOUND");
      return row;
    };

    const startedAt = runtime.clock();
    const until = Math.min(startedAt + waitS * 1000, deadline - READ_RESERVE_MS);
    const first = await read();
    let row = first;
    let pollMs = FIRST_POLL_MS;
    const hasNews = () =>
      shownState(row) !== shownState(first) ||
      row.waiting?.type !== first.waiting?.type ||
      (row.sentBytes !== first.sentBytes && runtime.clock() - startedAt >= PROGRESS_AFTER_MS);
    while (!hasEnded(row) && !hasNews() && runtime.clock() < until) {
      await runtime.sleep(Math.min(pollMs, until - runtime.clock()));
      pollMs = LATER_POLL_MS;
      row = await read();
    }
    return respond(showRow(row));
  };
