/** The CORS configuration of an HTTP API. */
export interface Cors {
  /** `["*"]` for any. */
  readonly allowedOrigins: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeS: number;
}

type Headers = Readonly<Record<string, string>>;

/** Headers that API Gateway adds to the answer of a request from another origin; what a function says is dropped. */
export const corsHeaders = (cors: Cors, origin: string | undefined): Headers => {
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined) return {};
  return {
    "access-control-allow-origin": allowed,
    ...(cors.exposedHeaders.length > 0 ? { "access-control-expose-headers": cors.exposedHeaders.join(",") } : {}),
    ...(allowed === "*" ? {} : { vary: "origin" }),
  };
};

/** Headers of the answer to a preflight, which API Gateway gives itself, whether there is such a route or not. */
export const preflightHeaders = (cors: Cors, origin: string): Headers => {
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined) return {};
  return {
    "access-control-allow-origin": allowed,
    "access-control-allow-methods": cors.allowedMethods.join(","),
    "access-control-allow-headers": cors.allowedHeaders.join(","),
    "access-control-max-age": String(cors.maxAgeS),
    ...(allowed === "*" ? {} : { vary: "origin" }),
  };
};

const allowedOrigin = ({ allowedOrigins }: Cors, origin: string | undefined): string | undefined => {
  if (origin === undefined) return undefined;
  if (allowedOrigins.includes("*")) return "*";
  return allowedOrigins.includes(origin) ? origin : undefined;
};
