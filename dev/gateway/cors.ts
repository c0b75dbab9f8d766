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

/** Headers that API Gateway adds to responses for other origins, in place of the function's own CORS headers. */
export const corsHeaders = (cors: Cors, origin: string | undefined): Headers => {
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined) return {};
  return {
    "access-control-allow-origin": allowed,
    ...(cors.exposedHeaders.length > 0 ? { "access-control-expose-headers": cors.exposedHeaders.join(",") } : {}),
    ...(allowed === "*" ? {} : { vary: "origin" }),
  };
};

/** API Gateway responds to preflight requests itself, whether or not the route exists. */
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
