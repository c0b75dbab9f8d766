import { BlockList } from "node:net";

/**
 * Whether cielo24 may be asked to fetch a client's URL. cielo24 does the fetching, not this proxy. But the request carries
 * the operator's name, so it must not be turned against private networks or against this deployment itself.
 */

interface OwnPlaces {
  readonly ownBucket: string;
  /** Host names under which this deployment answers. */
  readonly ownHosts: readonly string[];
}

const LONGEST_URL = 2048;

/** Domains that are not for the public, with everything below them. */
const NOT_PUBLIC = [
  // Special-use names: RFC 6761, 6762, 7686, 8375 and 9476.
  "local localhost test invalid arpa onion alt",
  // What companies, routers and other networks call their own.
  "localdomain localnet internal intranet intra private corp domain workgroup",
  "home lan router mshome mshome.net i2p",
  // Containers and clusters. In Kubernetes `service.namespace` is enough, so its own namespaces are here, too.
  "svc cluster default kube-system kubernetes consul docker podman",
  // Public DNS names of clouds' metadata services, and of hosts in their private networks.
  "metadata.tencentyun.com metadata.platformequinix.com metadata.packet.net metadata.cloud.ibm.com metadata.goog",
  "vpce.amazonaws.com internal.cloudapp.net",
  // Names that spell an address of the asker's choice.
  "nip.io sslip.io xip.io xip.name ip6.name ipv6-literal.net ipq.co backname.io local-ip.co local-ip.sh",
  "plex.direct traefik.me",
  // Names that always lead to the loopback address.
  "localtest.me localdev.me local.gd localho.st localh.st localhost.direct localdomain.pw smackaho.st lvh.me",
  "lacolhost.com vcap.me ulh.us yoogle.com fuf.me spoofed.burpcollaborator.net",
  // Names that change their address from one lookup to the next.
  "1u.ms rbndr.us rebind.it rebind.network",
].flatMap((line) => line.split(" "));

/** The same by a label within the name: Azure's private endpoints, and AWS's internal load balancers. */
const CLOUD_PRIVATE_NAME = /\.privatelink\.|^internal-.*\.elb\..*amazonaws\.com(?:\.cn)?$/;

/** Addresses that a name must not spell: IANA's special-purpose registry, and Azure's virtual host. */
const PRIVATE_NETWORKS = new BlockList();
for (const network of [
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16",
  "198.18.0.0/15 240.0.0.0/4 168.63.129.16/32",
].flatMap((line) => line.split(" "))) {
  const [address = "", prefixBits] = network.split("/");
  PRIVATE_NETWORKS.addSubnet(address, Number(prefixBits));
}

/** Four numbers in a name, separated by dots, dashes or underscores; found wherever they begin. */
const ADDRESS_IN_NAME = /(?<![^._-])(?=(\d{1,3})[._-](\d{1,3})[._-](\d{1,3})[._-](\d{1,3})(?![^._-]))/g;

const AWS_SUFFIXES = ["amazonaws.com", "amazonaws.com.cn", "api.aws", "aws.amazon.com", "amazonaws.eu"];

/**
 * The URL to pass on, normalised so that cielo24 reads what was judged here; or why it is refused, as a text that
 * continues after "media_url".
 */
export const checkMediaUrl = (
  text: string,
  places: OwnPlaces,
): { readonly url: string } | { readonly refused: string } => {
  const refused = checkText(text) ?? checkParsed(text, places);
  return refused === undefined ? { url: new URL(text).href } : { refused };
};

/** URL parsers silently repair a lot. A text that needs repair is refused before a parser sees it. */
const checkText = (text: string): string | undefined => {
  if (text.length > LONGEST_URL) return "must be at most 2,048 characters long";
  // eslint-disable-next-line no-control-regex -- it looks for control characters
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
  // The parser has normalised every notation of IPv4: decimal, octal, hexadecimal, shortened, full-width.
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
  !endsWithAny(host, NOT_PUBLIC) &&
  !CLOUD_PRIVATE_NAME.test(host) &&
  !spellsPrivateAddress(host);

const spellsPrivateAddress = (host: string): boolean =>
  [...host.matchAll(ADDRESS_IN_NAME)].some(([, ...bytes]) =>
    // A number above 255 makes it no address, so it is in no network.
    PRIVATE_NETWORKS.check(bytes.map(Number).join(".")),
  );

/** API Gateway's host names for one API begin with its id, whatever the region, partition and kind of endpoint. */
const isSameApi = (own: string, host: string): boolean => {
  const [, id] = /^(\w+)\.execute-api\./.exec(own) ?? [];
  const [, itsId] = /^(\w+)(?:-vpce-\w+)?\.execute-api(?:-fips)?\./.exec(host) ?? [];
  return id !== undefined && id === itsId && endsWithAny(host, AWS_SUFFIXES);
};

/** Virtual-hosted, path-style, dual-stack, FIPS, accelerated, website and console addresses, and a bucket named like a host. */
const isOwnBucket = (url: URL, host: string, bucket: string): boolean => {
  if (host === bucket) return true;
  if (!endsWithAny(host, AWS_SUFFIXES)) return false;
  return host.startsWith(`${bucket}.`) || segmentsOf(url.pathname).includes(bucket);
};

/** The parts of a path, including those between encoded slashes. */
const segmentsOf = (path: string): string[] => path.split(/[/\\]|%2f|%5c/i).map(decodeSegment);

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment).toLowerCase();
  } catch {
    return segment.toLowerCase();
  }
};
