/**
 * Whether cielo24 may be asked to fetch a client's URL. cielo24 does the fetching, not this proxy; yet the request
 * carries the operator's name, so it must not be turned against private networks or against this deployment itself.
 */

interface OwnPlaces {
  readonly ownBucket: string;
  /** Host names under which this deployment answers. */
  readonly ownHosts: readonly string[];
}

const LONGEST_URL = 2048;

/** Names that mean something inside a network only. RFC 6761, RFC 6762, RFC 8375, and what resolvers of clouds add. */
const PRIVATE_SUFFIXES = [
  "local",
  "localhost",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa",
  "test",
  "invalid",
  "onion",
  "svc",
  "consul",
  "docker",
  "kubernetes",
];

/** Metadata services with a name in the public DNS. */
const METADATA_NAMES = [
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
  "metadata.goog",
  "metadata.sslip.io",
];

/** Public names whose addresses the asker chooses, or that always lead to the loopback. */
const ADDRESS_SUFFIXES = [
  "nip.io",
  "sslip.io",
  "xip.io",
  "xip.name",
  "ip6.name",
  "ipq.co",
  "backname.io",
  "local-ip.co",
  "local-ip.sh",
  "plex.direct",
  "traefik.me",
  "localtest.me",
  "local.gd",
  "localho.st",
  "lvh.me",
  "lacolhost.com",
  "vcap.me",
  "yoogle.com",
  "fuf.me",
  "1u.ms",
  "rbndr.us",
  "rebind.it",
  "rebind.network",
];

/** A private, loopback, link-local or shared IPv4 address spelt out in a name, by dots or dashes. */
const PRIVATE_ADDRESS_IN_NAME =
  /(?:^|[.-])(?:(?:0|10|127)[.-]\d{1,3}|169[.-]254|192[.-]168|172[.-](?:1[6-9]|2\d|3[01])|100[.-](?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))[.-]\d{1,3}[.-]\d{1,3}(?:[.-]|$)/;

const AWS_SUFFIXES = ["amazonaws.com", "amazonaws.com.cn", "api.aws", "aws.amazon.com", "amazonaws.eu"];

/**
 * The URL as it is passed on, normalised so that cielo24 reads what was judged here, or why it is refused (a text that
 * goes on after "media_url").
 */
export const checkMediaUrl = (
  text: string,
  places: OwnPlaces,
): { readonly url: string } | { readonly refused: string } => {
  const refused = checkText(text) ?? checkParsed(text, places);
  return refused === undefined ? { url: new URL(text).href } : { refused };
};

/** URL parsers repair much in silence; what needs repair is refused before one sees it. */
const checkText = (text: string): string | undefined => {
  if (text.length > LONGEST_URL) return "must be at most 2,048 characters long";
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\s\0-\x1f\x7f-\x9f\\]/.test(text) || !text.isWellFormed())
    return "must hold no spaces, backslashes or control characters; percent-encode them";
  if (!/^https:\/\/[^/?#]/i.test(text)) return "must begin with https://";
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return "must hold no user name or password";
  if (text.includes("#")) return "must have no fragment";
  if (!URL.canParse(text)) return "is not a URL";
  return undefined;
};

const checkParsed = (text: string, { ownBucket, ownHosts }: OwnPlaces): string | undefined => {
  const url = new URL(text);
  if (url.href.length > LONGEST_URL) return "must be at most 2,048 characters long";
  if (url.port !== "") return "must use port 443";
  // The parser has made IPv4 of every notation: decimal, octal, hexadecimal, shortened, full-width.
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) return "must name a host, not an address";
  if (!isPublicName(host)) return "must name a host in the public DNS";
  if (ownHosts.some((own) => own.toLowerCase() === host)) return "must not lead back here";
  if (isOwnBucket(url, host, ownBucket.toLowerCase())) return "must not lead into this API's bucket";
  return undefined;
};

const endsWithAny = (host: string, suffixes: readonly string[]): boolean =>
  suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));

const isPublicName = (host: string): boolean =>
  /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(host) &&
  host.length <= 253 &&
  !endsWithAny(host, PRIVATE_SUFFIXES) &&
  !endsWithAny(host, METADATA_NAMES) &&
  !endsWithAny(host, ADDRESS_SUFFIXES) &&
  !PRIVATE_ADDRESS_IN_NAME.test(host);

/** Virtual-hosted, path style, dual-stack, FIPS, accelerated, website and console addresses, and a bucket named as a host. */
const isOwnBucket = (url: URL, host: string, bucket: string): boolean => {
  if (host === bucket) return true;
  if (!endsWithAny(host, AWS_SUFFIXES)) return false;
  return host.startsWith(`${bucket}.`) || url.pathname.split("/").some((segment) => decodeSegment(segment) === bucket);
};

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment).toLowerCase();
  } catch {
    return segment.toLowerCase();
  }
};
