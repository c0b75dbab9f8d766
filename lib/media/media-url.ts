import { BlockList } from "node:net";

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

/**
 * Names that mean something inside a network only: RFC 6761, 6762, 8375, 9476, and what routers, containers and
 * resolvers of clouds add. Two labels are enough inside Kubernetes (`service.namespace`), so its own namespaces are here.
 */
const PRIVATE_SUFFIXES = [
  "local",
  "localhost",
  "localdomain",
  "localnet",
  "internal",
  "intranet",
  "intra",
  "private",
  "corp",
  "domain",
  "workgroup",
  "home",
  "lan",
  "router",
  "mshome",
  "mshome.net",
  "arpa",
  "test",
  "invalid",
  "alt",
  "onion",
  "i2p",
  "svc",
  "cluster",
  "default",
  "kube-system",
  "kubernetes",
  "consul",
  "docker",
  "podman",
];

/** Names in the public DNS that lead to metadata services, or into the private networks of clouds. */
const CLOUD_PRIVATE_SUFFIXES = [
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
  "metadata.cloud.ibm.com",
  "metadata.goog",
  "vpce.amazonaws.com",
  "internal.cloudapp.net",
];

/** The same by a label within: Azure's private endpoints, and AWS's internal load balancers. */
const CLOUD_PRIVATE_NAME = /\.privatelink\.|^internal-.*\.elb\..*amazonaws\.com(?:\.cn)?$/;

/** Public names whose addresses the asker chooses, or that always lead to the loopback. */
const ADDRESS_SUFFIXES = [
  "nip.io",
  "sslip.io",
  "xip.io",
  "xip.name",
  "ip6.name",
  "ipv6-literal.net",
  "ipq.co",
  "backname.io",
  "local-ip.co",
  "local-ip.sh",
  "plex.direct",
  "traefik.me",
  "localtest.me",
  "localdev.me",
  "local.gd",
  "localho.st",
  "localh.st",
  "localhost.direct",
  "localdomain.pw",
  "smackaho.st",
  "lvh.me",
  "lacolhost.com",
  "vcap.me",
  "ulh.us",
  "yoogle.com",
  "fuf.me",
  "spoofed.burpcollaborator.net",
  "1u.ms",
  "rbndr.us",
  "rebind.it",
  "rebind.network",
];

/** Where a name may not lead if it spells an address: IANA's special-purpose registry, and Azure's host. */
const PRIVATE_NETWORKS = new BlockList();
for (const [network, prefixBits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["240.0.0.0", 4],
] as const)
  PRIVATE_NETWORKS.addSubnet(network, prefixBits);

/** Four numbers in a name, apart by dots, dashes or underscores; found wherever they begin. */
const ADDRESS_IN_NAME = /(?<![^._-])(?=(\d{1,3})[._-](\d{1,3})[._-](\d{1,3})[._-](\d{1,3})(?![^._-]))/g;

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
  if (ownHosts.some((own) => own.toLowerCase() === host || isSameApi(own.toLowerCase(), host)))
    return "must not lead back here";
  if (isOwnBucket(url, host, ownBucket.toLowerCase())) return "must not lead into this API's bucket";
  return undefined;
};

const endsWithAny = (host: string, suffixes: readonly string[]): boolean =>
  suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));

const isPublicName = (host: string): boolean =>
  /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(host) &&
  host.length <= 253 &&
  !endsWithAny(host, PRIVATE_SUFFIXES) &&
  !endsWithAny(host, CLOUD_PRIVATE_SUFFIXES) &&
  !CLOUD_PRIVATE_NAME.test(host) &&
  !endsWithAny(host, ADDRESS_SUFFIXES) &&
  !spellsPrivateAddress(host);

const spellsPrivateAddress = (host: string): boolean =>
  [...host.matchAll(ADDRESS_IN_NAME)].some(([, ...bytes]) =>
    // Beyond 255 it is no address, and on no list.
    PRIVATE_NETWORKS.check(bytes.map(Number).join(".")),
  );

/** API Gateway's hosts of one API: its id comes first, whatever the region, the partition and the kind of endpoint. */
const isSameApi = (own: string, host: string): boolean => {
  const [, id] = /^(\w+)\.execute-api\./.exec(own) ?? [];
  const [, itsId] = /^(\w+)(?:-vpce-\w+)?\.execute-api(?:-fips)?\./.exec(host) ?? [];
  return id !== undefined && id === itsId && endsWithAny(host, AWS_SUFFIXES);
};

/** Virtual-hosted, path style, dual-stack, FIPS, accelerated, website and console addresses, and a bucket named as a host. */
const isOwnBucket = (url: URL, host: string, bucket: string): boolean => {
  if (host === bucket) return true;
  if (!endsWithAny(host, AWS_SUFFIXES)) return false;
  return host.startsWith(`${bucket}.`) || segmentsOf(url.pathname).includes(bucket);
};

/** The parts of a path, those between encoded slashes included. */
const segmentsOf = (path: string): string[] => path.split(/[/\\]|%2f|%5c/i).map(decodeSegment);

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment).toLowerCase();
  } catch {
    return segment.toLowerCase();
  }
};
