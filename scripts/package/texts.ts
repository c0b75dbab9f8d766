import * as v from "valibot";
import { text, type Kind } from "./kinds.ts";
import { meant } from "./nearest.ts";

/** The regions of today, for suggestions only: AWS adds new ones, which are taken as long as they look like one. */
const REGIONS = [
  ...["af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"],
  ...["ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"],
  ...["ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"],
  ...["eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1"],
  ...["me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"],
  ...["cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "eusc-de-east-1"],
];

/** An area, a direction and a number, as all regions are named; for instance `eu-west-1`, `us-gov-east-1`. */
const REGION = /^[a-z]{2,4}(-[a-z]{2,4})?-(central|north|south|(north|south)?(east|west))-[1-9]$/;

export const region = text(
  "the name of an AWS region",
  (given) => REGION.test(given),
  (given) => meant(given, REGIONS),
);

const isOrigin = (given: string): boolean =>
  /^https?:\/\/[^*]+$/.test(given) && URL.canParse(given) && new URL(given).origin === given;

/** The origin of a URL, or of a host without scheme; `undefined` if it has none. */
const originOf = (given: string): string | undefined => {
  const [, host] = /^(?:\/\/)?((?:localhost|\[::1\]|[^/:]*\.).*)$/i.exec(given) ?? [];
  const scheme = /^(localhost|127\.|\[)/i.test(host ?? "") ? "http" : "https";
  const url = host === undefined ? given : `${scheme}://${host}`;
  const origin = URL.canParse(url) ? new URL(url).origin : "";
  return isOrigin(origin) ? origin : undefined;
};

/** A browser sends the origin of its page in exactly this form, and S3 and API Gateway compare texts. */
export const origin = text(
  "an origin as browsers send it, `https://host` or `http://host:port`, in lower case and without a slash at the end",
  isOrigin,
  originOf,
);

/** The functions add the path of each call; a slash at the end is no harm. */
export const httpsOrigin = text(
  "an https URL without path or query",
  (given) => given.startsWith("https://") && isOrigin(given.replace(/\/$/, "")),
  (given) => originOf(given)?.replace(/^http:/, "https:"),
);

const LONGEST_ISSUER = 2048;
const WELL_KNOWN = /\/\.well-known\/(openid-configuration|oauth-authorization-server|jwks\.json)\/?$/;

/** Only its form is checked: with or without a slash at the end, as the tokens have it. API Gateway compares texts. */
export const issuer = text(
  "an https URL without query, fragment or credentials",
  (given) =>
    /^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(given) &&
    URL.canParse(given) &&
    !WELL_KNOWN.test(given) &&
    given.length <= LONGEST_ISSUER,
  (given) =>
    given
      .replace(/^(\w*:?\/\/)?/, "https://")
      .replace(/\/\/[^/]*@/, "//")
      .replace(/[?#].*$/s, "")
      .replace(WELL_KNOWN, ""),
);

export const audience = text("1 to 512 characters without blanks", (given) => /^[^\s\p{C}]{1,512}$/u.test(given));

/** Quotes, commas, braces and backslashes have a meaning in the framework's variables, where claims are looked up. */
export const claim = text(
  "the name of a claim, 1 to 128 characters without blanks, quotes, commas, braces and backslashes",
  (given) => /^[^\s\p{C}"'`,{}\\]{1,128}$/u.test(given),
);

const SCOPE_NAME = /(media\.(write|read)|metadata\.write|admin)$/;

/** The characters of a scope: RFC 6749, section 3.3. Without a separator at its end, it is probably half of a prefix. */
export const scopePrefix = text(
  "1 to 100 characters without blanks, quotes and backslashes, ending in a separator such as `/` or `:`",
  (given) => /^[!#-&(-[\]-~]{1,100}$/.test(given) && /[^A-Za-z0-9]$/.test(given),
  (given) => {
    const prefix = given.replace(SCOPE_NAME, "");
    return /[A-Za-z0-9]$/.test(prefix) ? `${prefix}/` : prefix;
  },
);

/** What Secrets Manager takes for a name. It adds a hyphen and six characters itself, to make the secret's ARN. */
export const secretName = text(
  "1 to 512 letters, digits and `/_+=.@-`, not ending in a hyphen and six characters",
  (given) => /^[\w/+=.@-]{1,512}$/.test(given) && !/-.{6}$/.test(given),
  (given) => {
    const name = given.replace(/^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.*)-\w{6}$/, "$1");
    return name.replaceAll(/\s+/g, "-").replace(/-(.{6})$/, "_$1");
  },
);

const emailSchema = v.pipe(v.string(), v.email());
export const email: Kind = text(
  "an e-mail address",
  (given) => v.is(emailSchema, given),
  (given) => /[^\s<>()",;:]+@[^\s<>()",;:]+/.exec(given)?.[0],
);

/** Amazon S3 User Guide, "General purpose bucket naming rules". */
const BUCKET_NAME = /^(?!xn--|sthree-|amzn-s3-demo-|[\d.]+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/;
const RESERVED_ENDING = /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

export const bucketName = text(
  "the name of a bucket, of 3 to 63 small letters, digits, hyphens and dots",
  (given) => BUCKET_NAME.test(given) && !RESERVED_ENDING.test(given),
  // What somebody pastes may be the bucket's address or ARN.
  (given) =>
    given
      .replace(/^(s3:\/\/|arn:[\w-]+:s3:::)/, "")
      .replace(/\/.*$/s, "")
      .toLowerCase(),
);

/** Of an ARN: the partition, a service's name, a region where it has one, and an account. */
const arn = (service: string, place: string, account: string, resource: string): RegExp =>
  new RegExp(`^arn:aws(-[a-z]+)*:${service}:${place}:${account}:${resource}$`);
const PLACE = "[a-z]{2,4}(-[a-z]+)+-\\d";
const ACCOUNT = "\\d{12}";

/** A key, and no alias: a policy's resource must be a key, and what an alias stands for may change. */
const KMS_KEY_ARN = arn("kms", PLACE, ACCOUNT, "key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})");
export const kmsKeyArn = text("the ARN of a key in KMS, not of an alias", (given) => KMS_KEY_ARN.test(given));

const POLICY_ARN = arn("iam", "", `(${ACCOUNT}|aws)`, "policy/[\\w+=,.@/-]{1,600}");
export const policyArn = text("the ARN of a managed policy in IAM", (given) => POLICY_ARN.test(given));

const CERTIFICATE_ARN = arn("acm", PLACE, ACCOUNT, "certificate/[0-9a-f-]{36}");
export const certificateArn = text("the ARN of a certificate in ACM", (given) => CERTIFICATE_ARN.test(given));

export const subnetId = text("the id of a subnet", (given) => /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/.test(given));
export const securityGroupId = text("the id of a security group", (given) =>
  /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/.test(given),
);

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^(${LABEL}\\.)+${LABEL}$`);

export const domainName = text(
  "a host name in lower case, without scheme and path",
  (given) => DOMAIN.test(given) && given.length <= 253,
  (given) =>
    given
      .toLowerCase()
      .replace(/^\w*:\/\//, "")
      .replace(/[:/].*$/s, ""),
);
