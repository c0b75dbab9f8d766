import * as v from "valibot";
import { readConfig } from "../../lib/config.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import type { Ledger, Owners } from "../../lib/delivery/ledger.ts";
import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import { isExpired } from "../../lib/delivery/machine/uploading.ts";
import { createOwnership, type Ownership } from "../../lib/http/caller.ts";
import { respond, type Endpoint } from "../../lib/http/endpoint.ts";
import { ApiError } from "../../lib/http/errors.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { showDelivery, shownState } from "../../lib/http/show-delivery.ts";
import { apiVersion, jobId, validate, wholeNumber } from "../../lib/http/validate.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { ledger, owners } = connectTable(runtime);
  const { longestWaitS } = readConfig(runtime.env, "longestWaitS");
  const endpoint = deliveryStatus({ ledger, owners, ownership: createOwnership(owners), runtime, longestWaitS });
  return apiHandler(runtime, "delivery-status", { scope: "media.read" }, endpoint);
};

export const handler = lambdaHandler(build);

interface DeliveryStatus {
  readonly ledger: Pick<Ledger, "read">;
  readonly owners: Pick<Owners, "ownerOf">;
  readonly ownership: Ownership;
  readonly runtime: Pick<Runtime, "clock" | "sleep">;
  /** The stage's own limit, below the API's. */
  readonly longestWaitS: number;
}

/** What a client may ask for. Longer would not fit into the 24 s that a request may take. */
const LONGEST_WAIT_S = 20;

export const deliveryParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  /** How many seconds the response may wait for a change. */
  wait: v.optional(wholeNumber(0, LONGEST_WAIT_S), "0"),
});

const FIRST_POLL_MS = 500;
const LATER_POLL_MS = 1_000;
/** Progress alone waits at least this long. Otherwise a client that asks again at once would poll at every write. */
const PROGRESS_AFTER_MS = 2_000;
/** Left for the last read of the ledger. */
const READ_RESERVE_MS = 2_000;

/**
 * How the delivery of a job's media goes. With `wait`, answers as soon as the state, the progress, or what the delivery
 * waits for changes; at once if the delivery has ended, and after that many seconds, or `longestWaitS`, in any case.
 */
export const deliveryStatus =
  ({ ledger, owners, ownership, runtime, longestWaitS }: DeliveryStatus): Endpoint =>
  async ({ parameters, caller, deadline }) => {
    const { job_id, wait: waitS } = validate(deliveryParameters, parameters);
    await ownership.check(caller, job_id);

    const read = async (): Promise<Row> => {
      const row = await ledger.read(job_id);
      if (!row || isExpired(row, runtime.clock())) throw new ApiError("ITEM_NOT_FOUND");
      return row;
    };

    const startedAt = runtime.clock();
    const until = Math.min(startedAt + Math.min(waitS, longestWaitS) * 1000, deadline - READ_RESERVE_MS);
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
    // Whose job it is, is an admin's business alone.
    const owner = caller.isAdmin ? await owners.ownerOf(job_id) : undefined;
    return respond({ ...showDelivery(row), Owner: owner });
  };
