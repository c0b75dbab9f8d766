import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { timingSafeEqual } from "node:crypto";
import { S3Error } from "./errors.ts";

/** The part of a request that its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** The path as sent, percent-encoded. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who may do what they like, where, and what time it is. */
export interface Accounts {
  readonly region: string;
  /** Secret access keys by access key id. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly clock: () => number;
}

const MAX_SKEW_MS = 15 * 60_000;
const MAX_EXPIRY_S = 604_800;
const PRESIGNED = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
  "X-Amz-Signature",
];

/**
 * Checks the signature of a request, by header or by query: AWS's own signer must produce the same signature for it. Only
 * signatures are checked; IAM and bucket policies are not simulated.
 *
 * @returns the id of the access key that signed it
 * @throws {S3Error}
 */
export const verifySignature = async (request: SignedRequest, accounts: Accounts): Promise<string> => {
  const given = request.query.has("X-Amz-Signature")
    ? readQuery(request)
    : request.headers["authorization"] !== undefined
      ? readHeader(request)
      : undefined;
  if (!given) throw new S3Error("AccessDenied");
  const account = findAccount(given, accounts);
  const signedAt = parseDate(given);
  const now = accounts.clock();
  if (given.expiresS === undefined) {
    if (Math.abs(now - signedAt) > MAX_SKEW_MS) throw new S3Error("RequestTimeTooSkewed");
  } else {
    if (signedAt - now > MAX_SKEW_MS) throw new S3Error("AccessDenied", "Request is not valid yet");
    if (now > signedAt + given.expiresS * 1000) throw new S3Error("AccessDenied", "Request has expired");
  }
  const names = given.signedHeaders.split(";");
  if (!names.includes("host")) throw new S3Error("SignatureDoesNotMatch");
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers[name];
    if (value === undefined) throw new S3Error("SignatureDoesNotMatch");
    headers[name] = value;
  }
  for (const name of Object.keys(request.headers))
    if (name.startsWith("x-amz-") && !names.includes(name))
      throw new S3Error("AccessDenied", "There were headers present in the request which were not signed");
  const expected = await sign(request, headers, given, { ...account, signedAt });
  if (!isEqual(expected, given.signature)) throw new S3Error("SignatureDoesNotMatch");
  return account.accessKeyId;
};

/**
 * Checks the signature of a form's policy.
 *
 * @param fields by lower-case name
 * @throws {S3Error} AccessDenied where there is none
 */
export const verifyPolicySignature = async (
  fields: Readonly<Record<string, string>>,
  accounts: Accounts,
): Promise<void> => {
  const names = ["policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
  if (!names.some((name) => name in fields)) throw new S3Error("AccessDenied");
  const [policy = "", algorithm, credential = "", date = "", signature = ""] = names.map((name) => {
    if (!fields[name]) throw new S3Error("InvalidArgument", `Bucket POST must contain a field named '${name}'.`);
    return fields[name];
  });
  if (algorithm !== "AWS4-HMAC-SHA256")
    throw new S3Error("InvalidArgument", "Only AWS4-HMAC-SHA256 is supported for x-amz-algorithm");
  const given = { credential, date, malformed: "InvalidArgument" } as const;
  const account = findAccount(given, accounts);
  const signingDate = new Date(parseDate(given));
  const expected = await signerOf(account).sign(policy, { signingDate });
  if (!isEqual(expected, signature)) throw new S3Error("SignatureDoesNotMatch");
};

interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** The account that a credential names. @throws {S3Error} InvalidAccessKeyId, or `malformed` */
const findAccount = (
  { credential, date, malformed }: Pick<Given, "credential" | "date" | "malformed">,
  { region, accounts }: Accounts,
): Account => {
  const [accessKeyId = "", day = "", givenRegion = "", service, terminal] = credential.split("/");
  const secretAccessKey = Object.hasOwn(accounts, accessKeyId) ? accounts[accessKeyId] : undefined;
  if (secretAccessKey === undefined) throw new S3Error("InvalidAccessKeyId");
  if (service !== "s3" || terminal !== "aws4_request" || !date.startsWith(day))
    throw new S3Error(malformed, "The credential's scope is wrong.");
  // Clients read the region, and sign again for it.
  if (givenRegion !== region)
    throw new S3Error(malformed, `${MALFORMED[malformed]}the region '${givenRegion}' is wrong; expecting '${region}'`, {
      Region: region,
    });
  return { accessKeyId, secretAccessKey, region };
};

/** How S3 begins its message for a wrong region. */
const MALFORMED = {
  AuthorizationHeaderMalformed: "The authorization header is malformed; ",
  AuthorizationQueryParametersError: "Error parsing the X-Amz-Credential parameter; ",
  InvalidArgument: "",
} as const;

interface Given {
  readonly credential: string;
  readonly date: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly expiresS?: number;
  /** S3's error code for a malformed signature. */
  readonly malformed: keyof typeof MALFORMED;
}

const readQuery = ({ query }: SignedRequest): Given => {
  const [algorithm, credential, date, signedHeaders, expires, signature] = PRESIGNED.map((name) => query.get(name));
  const expiresS = Number(expires);
  if (algorithm !== "AWS4-HMAC-SHA256" || !credential || !date || !signedHeaders || !signature)
    throw new S3Error("AuthorizationQueryParametersError", "Query-string authentication is incomplete.");
  if (!Number.isInteger(expiresS) || expiresS < 1 || expiresS > MAX_EXPIRY_S)
    throw new S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds");
  return {
    credential,
    date,
    signedHeaders,
    signature,
    expiresS,
    malformed: "AuthorizationQueryParametersError",
  };
};

const readHeader = ({ headers }: SignedRequest): Given => {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 +Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/.exec(
      headers["authorization"] ?? "",
    ) ?? [];
  const date = headers["x-amz-date"];
  if (!credential || !signedHeaders || !signature || !date)
    throw new S3Error("AuthorizationHeaderMalformed", "The authorization header is malformed.");
  if (headers["x-amz-content-sha256"] === undefined)
    throw new S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  return { credential, date, signedHeaders, signature, malformed: "AuthorizationHeaderMalformed" };
};

const sign = async (
  request: SignedRequest,
  headers: Record<string, string>,
  given: Given,
  by: Account & { readonly signedAt: number },
): Promise<string> => {
  const signer = signerOf(by);
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(request.query.keys()))
    if (!PRESIGNED.includes(name)) {
      const values = request.query.getAll(name);
      query[name] = values.length === 1 ? (values[0] ?? "") : values;
    }
  const signable = {
    method: request.method,
    protocol: "http:",
    hostname: headers["host"] ?? "",
    path: canonicalPath(request.rawPath),
    query,
    headers,
    // The body is not known in advance: unless a header says otherwise, the payload is unsigned.
    body: given.expiresS === undefined ? undefined : new ReadableStream(),
  };
  const names = new Set(Object.keys(headers));
  const options = { signingDate: new Date(by.signedAt), signableHeaders: names };
  if (given.expiresS === undefined) {
    const { headers: signed } = await signer.sign(signable, options);
    return /Signature=([0-9a-f]+)/.exec(signed["authorization"] ?? "")?.[1] ?? "";
  }
  const { query: signed = {} } = await signer.presign(signable, {
    ...options,
    expiresIn: given.expiresS,
    unhoistableHeaders: names,
  });
  return String(signed["X-Amz-Signature"]);
};

const signerOf = ({ accessKeyId, secretAccessKey, region }: Account): SignatureV4 =>
  new SignatureV4({
    service: "s3",
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });

/** Normalizes percent-encoding, as the signature covers the key, not its spelling. */
const canonicalPath = (rawPath: string): string =>
  rawPath
    .split("/")
    .map((piece) =>
      encodeURIComponent(decodeURIComponent(piece)).replace(
        /[!'()*]/g,
        (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join("/");

const parseDate = ({ date, malformed }: Pick<Given, "date" | "malformed">): number => {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!parts) throw new S3Error(malformed, "The request's date is malformed.");
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

const isEqual = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
