import { BlockList, isIP } from "node:net";
import { ProxyError } from "../client/index.ts";

/** An HTTP proxy between this machine and the internet. */
export interface HttpProxy {
  /** Without credentials. */
  readonly url: URL;
  /** For people: its address, and the variable that names it. */
  readonly name: string;
  /** The header Proxy-Authorization. Secret. */
  readonly authorization: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that leads to a target, by the variables that curl, wget, Python and Go obey: HTTPS_PROXY or HTTP_PROXY, after
 * the target's scheme, or else ALL_PROXY, and no proxy for what NO_PROXY names. The lower case wins.
 *
 * @throws {ProxyError} BAD_HTTP_PROXY
 */
export const chooseProxy = (target: URL, env: Env): HttpProxy | undefined => {
  const variables = [`${target.protocol.slice(0, -1)}_proxy`, "all_proxy"].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]);
  const variable = variables.find((name) => env[name]);
  if (variable === undefined || isExempt(target, env["no_proxy"] || env["NO_PROXY"] || "")) return undefined;
  return readProxy(variable, env[variable] ?? "");
};

const readProxy = (variable: string, text: string): HttpProxy => {
  const full = /^[\w+.-]+:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  // The value is not shown: it may hold a password.
  if (!url || url.hostname === "") throw badProxy(`${variable} is no address of an HTTP proxy.`);
  const { protocol, username, password } = url;
  if (protocol !== "http:" && protocol !== "https:")
    throw badProxy(`${variable} names a ${protocol.slice(0, -1)} proxy; only HTTP proxies can be used.`);
  url.username = url.password = "";
  const credentials = `${decode(username)}:${decode(password)}`;
  return {
    url,
    name: `the HTTP proxy ${url.host} (${variable})`,
    authorization: credentials === ":" ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`,
  };
};

/** A password that somebody has not encoded is taken as it is. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const badProxy = (comment: string) => new ProxyError({ source: "client", errorType: "BAD_HTTP_PROXY", comment });

/** What answers may be others later: the proxy did not reach the host, or had no room. */
const PASSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The proxy has answered itself, and passes nothing on. @param target host and port */
export const refusedByProxy = ({ name }: HttpProxy, status: number, target: string): ProxyError => {
  // Some proxies answer 401 where the password is wrong, and 407 only where there is none.
  const why =
    status === 407 || status === 401 ? "it wants a name and a password, or others" : `it does not connect to ${target}`;
  return new ProxyError({
    source: "network",
    errorType: "HTTP_PROXY",
    comment: `${name.replace(/^t/, "T")} answers ${status}: ${why}.`,
    status,
    isRetryable: PASSES.has(status),
  });
};

/** The connection to the proxy could not be made, or broke. */
export const noAnswerFromProxy = ({ name }: HttpProxy, cause: NodeJS.ErrnoException): ProxyError =>
  new ProxyError({
    source: "network",
    errorType: "NETWORK",
    comment: `No answer from ${name}${cause.code === undefined ? "" : ` (${cause.code})`}.`,
    isRetryable: true,
    cause,
  });

/**
 * Whether NO_PROXY names the target: `*`, a name with all below it (with or without a leading dot or `*.`), an IP address or
 * a range of them, each with or without a port. Separated by commas or blanks.
 */
const isExempt = ({ hostname, port, protocol }: URL, list: string): boolean => {
  const host = hostname.replace(/^\[|\]$/g, "");
  const targetPort = port || (protocol === "https:" ? "443" : "80");
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = "", onlyPort = targetPort] = /^\[?(.*?)\]?(?:(?<=\]|^[^:]*):(\d+))?$/.exec(entry) ?? [];
      if (name === "" || onlyPort !== targetPort) return false;
      if (name === "*") return true;
      if (isIP(host) !== 0) return name === host || isInRange(host, name);
      const domain = name.replace(/^\*?\./, "");
      return host === domain || host.endsWith(`.${domain}`);
    });
};

const isInRange = (address: string, range: string): boolean => {
  const [network = "", bits = ""] = range.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  if (isIP(network) === 0 || isIP(network) !== isIP(address) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === "ipv6" ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
};
