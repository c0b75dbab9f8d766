import { timingSafeEqual } from "node:crypto";
import middy from "@middy/core";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { LedgerError, type Ledger } from "../../lib/delivery/ledger.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { recordRedirect } from "../../lib/delivery/machine/transitions.ts";
import type { ApiResponse, ApiEvent } from "../../lib/http/endpoint.ts";
import { ApiError } from "../../lib/http/errors.ts";
import { requestOutcome, type HttpHandler } from "../../lib/http/handler.ts";
import { MediaReadError } from "../../lib/media/body.ts";
import { connectBucket, type ObjectFacts } from "../../lib/media/bucket.ts";
import { parseCapability } from "../../lib/media/key.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const serve = serveMedia({
    ledger: connectTable(runtime).ledger,
    // The role may not list the bucket; docs/decisions/media-source.md says why.
    store: connectBucket(runtime, { mayList: false }),
    clock: runtime.clock,
  });
  return middy<ApiEvent, ApiResponse>()
    .use(requestOutcome(connectObservability(runtime, "media-source"), runtime))
    .handler(({ requestContext, pathParameters }) =>
      serve(requestContext.http.method, pathParameters?.["capability"] ?? ""),
    );
};

export const handler = lambdaHandler(build);

interface ObjectName {
  readonly key: string;
  readonly versionId: string;
}

export interface MediaSource {
  readonly ledger: Pick<Ledger, "read" | "write" | "countPull">;
  readonly store: {
    /** Undefined if the version is gone. @throws {MediaReadError} */
    measure(object: ObjectName): Promise<ObjectFacts | undefined>;
    /** A URL for one GET of the version, good for some minutes. */
    sign(object: ObjectName): Promise<string>;
  };
  readonly clock: Runtime["clock"];
}

/**
 * Serves `/media/<job_id>.<capability>/<name>`, from where cielo24 pulls handed-over media. HEAD tells size and type, since
 * a URL that is presigned for GET answers HEAD with 403. GET redirects to a URL that is signed on the spot, so a pull may
 * begin late. Every bad capability gets the same response, whatever is wrong with it.
 *
 * Records a redirect on the row before it sends it. So if the row says nothing, cielo24 has read nothing.
 */
export const serveMedia =
  (parts: MediaSource) =>
  async (method: string, part: string): Promise<ApiResponse> => {
    const { ledger, store, clock } = parts;
    const { jobId, capability } = parseCapability(part) ?? notFound();
    const shared = findShared(await ledger.read(jobId), capability, clock()) ?? notFound();
    if (method === "HEAD") {
      const { sizeBytes, contentType = "application/octet-stream" } =
        (await measure(store, shared.object)) ?? notFound();
      return bodyless(200, { "content-length": String(sizeBytes), "content-type": contentType });
    }
    // Sign first: if that fails, there is no redirect to record.
    const location = await store.sign(shared.object);
    await ensureRecorded(parts, shared.row, capability);
    await countPull(ledger, jobId);
    return bodyless(302, { location });
  };

interface Shared {
  readonly row: Row;
  readonly object: ObjectName;
}

/** The object behind the row's capability URL; undefined once the URL has expired, was revoked or replaced. */
const findShared = (row: Row | undefined, capability: string, now: number): Shared | undefined => {
  if (row?.state !== "FINALIZING" || !isSame(row.capability, capability)) return undefined;
  if (now >= (row.capabilityUntil ?? 0)) return undefined;
  const { key, versionId } = row.media ?? {};
  return key === undefined || versionId === undefined ? undefined : { row, object: { key, versionId } };
};

/**
 * Records on the row that a GET of this capability was redirected. Resolves only if the row says so.
 *
 * @throws {ApiError} 404 if the capability was revoked meanwhile, 503 if the row changed in another way
 * @throws {LedgerError} if what the row says is not known
 */
const ensureRecorded = async ({ ledger, clock }: MediaSource, row: Row, capability: string): Promise<void> => {
  if (row.redirected) return;
  if ((await ledger.write(row.jobId, recordRedirect(row))) === "written") return;
  const { row: present } = findShared(await ledger.read(row.jobId), capability, clock()) ?? notFound();
  if (!present.redirected) throw new ApiError("LEDGER_UNAVAILABLE");
};

const isSame = (known: string | undefined, given: string): boolean =>
  known?.length === given.length && timingSafeEqual(Buffer.from(known), Buffer.from(given));

const measure = async (store: MediaSource["store"], object: ObjectName): Promise<ObjectFacts | undefined> => {
  try {
    return await store.measure(object);
  } catch (error) {
    if (error instanceof MediaReadError) throw new ApiError("STORE_UNAVAILABLE");
    throw error;
  }
};

/** The count is for people only: if it fails, the pull goes on. */
const countPull = async (ledger: Pick<Ledger, "countPull">, jobId: string): Promise<void> => {
  try {
    await ledger.countPull(jobId);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
  }
};

const bodyless = (statusCode: number, headers: Record<string, string>): ApiResponse => ({
  statusCode,
  headers: { ...headers, "cache-control": "no-store" },
  body: "",
});

const notFound = (): never => {
  throw new ApiError("ITEM_NOT_FOUND", { comment: "No such media." });
};
