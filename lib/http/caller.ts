import type { Config } from "../config.ts";
import { normalJobId } from "../job-id.ts";
import type { Caller, HttpEvent } from "./endpoint.ts";
import { ApiError } from "./errors.ts";
import type { Owners } from "../delivery/ledger.ts";
import { isRecordedOwner, recordedOwner } from "../delivery/owner.ts";

export type CallerConfig = Pick<
  Config,
  "scopePrefix" | "scopeClaim" | "ownerClaim" | "jobsClaim" | "jobsClaimRequired"
>;

/** What a route asks for, without the deployment's prefix. `admin` is enough on every route. */
export type Scope = "media.write" | "media.read" | "metadata.write";

/**
 * Reads the caller from the token claims that API Gateway's JWT authorizer has verified. Takes scopes from the claims, not
 * from `jwt.scopes`, which also lists what the route asks for, and checks them whether or not the gateway has.
 *
 * @throws {ApiError} NOT_AUTHORIZED if the token lacks the scope, is no access token, names no owner, or lacks the list of
 *   jobs that this deployment requires
 */
export const readCaller = (event: HttpEvent, config: CallerConfig, scope: Scope): Caller => {
  const claims = claimsOf(event);
  if (!isReadByGateway(config.scopeClaim) && !isAccessToken(claims))
    throw refusal("This is not an access token, as far as its claims tell. Send the access token, not the ID token.");
  const scopes = new Set(["scope", "scp", config.scopeClaim].flatMap((name) => wordsOf(readClaim(claims, name) ?? "")));
  if (scopes.has(`${config.scopePrefix}admin`)) return { isAdmin: true };
  const wanted = config.scopePrefix + scope;
  if (!scopes.has(wanted))
    throw refusal(`The token lacks the scope ${wanted}. Ask the identity provider for a token with it.`);

  const jobs = config.jobsClaim === "" ? undefined : readClaim(claims, config.jobsClaim);
  if (config.jobsClaimRequired) {
    if (jobs !== undefined) return { isAdmin: false, jobs: jobIdsOf(jobs) };
    throw refusal(
      `The token does not list the jobs that it may be used for${config.jobsClaim === "" ? "" : `, as its claim ${config.jobsClaim} must`}. Get one that does, or ask the operator.`,
    );
  }
  const owner = readClaim(claims, config.ownerClaim);
  if (owner === undefined || NO_OWNER.test(owner.trim()))
    throw refusal(
      `The token does not say who owns the jobs that it is used for: its claim ${config.ownerClaim} must name one owner. Get one that does, or ask the operator.`,
    );
  return jobs === undefined ? { isAdmin: false, owner } : { isAdmin: false, owner, jobs: jobIdsOf(jobs) };
};

const refusal = (comment: string) => new ApiError("NOT_AUTHORIZED", { comment });

/**
 * What names no single owner: a blank, an absent value in the words of some gateway, a list (`[a b]`) or an object
 * (`map[a:b]`). All tokens without an owner would share their jobs.
 */
const NO_OWNER = /^(?:<?(?:null|nil|none|undefined|true|false)>?|(?:map)?\[.*\]|\{.*\})?$/is;

/** Whether API Gateway reads this claim for scopes. Where it does, it has refused ID tokens: they have no scopes. */
const isReadByGateway = (claim: string): boolean => claim === "scope" || claim === "scp";

/** What the claims `token_use` (Cognito) and `typ` (Keycloak) say of an access token, in lower case. */
const ACCESS_TOKEN_KINDS = new Set(["access", "bearer", "dpop", "at+jwt", "application/at+jwt"]);
/** OpenID Connect Core: what only ID tokens have. */
const OF_ID_TOKENS = ["nonce", "at_hash", "c_hash"];
/** Which client a token was issued to: RFC 9068, OpenID Connect Core, Okta, Entra ID. */
const CLIENT = ["client_id", "azp", "cid", "appid"];

/**
 * Whether these are an access token's claims. Any other kind of token is refused, and so is one that cannot be told: an ID
 * token that carries roles would otherwise do. Where no kind is named, scopes tell, or a client that is not the audience
 * itself: the audience of an ID token is its client.
 */
const isAccessToken = (claims: Claims): boolean => {
  const valuesOf = (names: readonly string[]) => names.flatMap((name) => readClaim(claims, name) ?? []);
  const kinds = valuesOf(["token_use", "typ"]);
  if (kinds.length > 0) return kinds.every((kind) => ACCESS_TOKEN_KINDS.has(kind.toLowerCase()));
  if (valuesOf(OF_ID_TOKENS).length > 0) return false;
  if (valuesOf(["scope", "scp"]).length > 0) return true;
  // Searched as a text, since a client's id may have blanks and commas in it.
  const audience = ` ${itemsOf(readClaim(claims, "aud") ?? "")} `;
  return valuesOf(CLIENT).some((client) => !audience.includes(` ${client} `));
};

type Claims = Readonly<Record<string, unknown>>;

const claimsOf = (event: HttpEvent): Claims => {
  // The types promise an authorizer. A route deployed without one must still refuse everyone.
  const { authorizer } = event.requestContext as Partial<HttpEvent["requestContext"]>;
  return (authorizer as Partial<typeof authorizer>)?.jwt?.claims ?? {};
};

/** API Gateway turns all claims into strings. In an event that something else made, an array may still be one. */
const readClaim = (claims: Claims, name: string): string | undefined => {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (Array.isArray(value)) return `[${value.map(String).join(" ")}]`;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
};

/** `a b` of `"a b"`, `"a"`, or `"[a b]"`, which is how an array claim arrives in payload 2.0. */
const itemsOf = (claim: string): string => claim.replace(/^\[(.*)\]$/s, "$1");

/** A claim that is an object, or a list of objects: words in their texts are no items of a list. */
const OBJECTS = /(?:^|[[\s])(?:map\[|\{)/;

/** A comma is part of a word, as API Gateway takes it: scopes may have one in them (RFC 6749). */
const wordsOf = (claim: string): string[] => (OBJECTS.test(claim) ? [] : itemsOf(claim).split(/\s+/));

/** Keeps items that are not job ids: a list without any valid id then allows no job. */
const jobIdsOf = (claim: string): ReadonlySet<string> =>
  new Set(
    wordsOf(claim)
      .flatMap((word) => word.split(","))
      .filter((item) => item !== "")
      .map((item) => normalJobId(item) ?? item),
  );

/**
 * Restricts callers to jobs they own. Someone else's job is answered like one that does not exist. An admin may use every
 * job, and never becomes a job's owner. Nor does a caller that is known by a list of jobs alone.
 *
 * Every method throws ApiError ITEM_NOT_FOUND if the caller may not use the job, and LedgerError.
 */
export interface Ownership {
  /** Call it before a job is used: the job belongs to the first owner that uses it. */
  bind(caller: Caller, jobId: string): Promise<void>;
  /** Whether `bind` would succeed now, for what must be asked before the job is bound. A job without an owner stays so. */
  mayBind(caller: Caller, jobId: string): Promise<void>;
  /** Call it before a job is shown. A job without an owner stays so, and is not shown. */
  check(caller: Caller, jobId: string): Promise<void>;
}

export const createOwnership = (owners: Owners): Ownership => {
  const demand = async (caller: Caller, jobId: string, ownerOf: (owner: string) => Promise<string | undefined>) => {
    if (caller.isAdmin) return;
    if (caller.jobs && !caller.jobs.has(jobId)) throw new ApiError("ITEM_NOT_FOUND");
    if (caller.owner !== undefined && !isRecordedOwner(jobId, caller.owner, await ownerOf(caller.owner)))
      throw new ApiError("ITEM_NOT_FOUND");
  };
  return {
    bind: (caller, jobId) => demand(caller, jobId, (owner) => owners.bind(jobId, recordedOwner(jobId, owner))),
    mayBind: (caller, jobId) =>
      demand(caller, jobId, async (owner) => (await owners.ownerOf(jobId)) ?? recordedOwner(jobId, owner)),
    check: (caller, jobId) => demand(caller, jobId, () => owners.ownerOf(jobId)),
  };
};
