import { describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { checkParams, type Chosen } from "../../scripts/package/check.ts";
import { PARAMETERS } from "../../scripts/package/parameters.ts";
import { EXAMPLE_PARAMS, parseSections, readSections } from "../../scripts/package/params.ts";
import { longestStage } from "../../scripts/package/stage.ts";
import { paramsFileWith } from "./params-file.ts";

const example = readSections(".", EXAMPLE_PARAMS);

/** What is wrong with a file, for its stage "own" if nothing else is chosen. */
const faultsOf = (
  file: string,
  { params = {}, ...chosen }: Partial<Omit<Chosen, "params">> & { params?: object } = {},
) => {
  const given = new Map(Object.entries(params as Record<string, string>));
  const whole = { stage: "own", isDeploy: false, ...chosen, params: given };
  return checkParams(parseSections(file, "params.yml"), example, whole, "params.yml").faults;
};

const faultsOfLines = (...lines: readonly string[]) => faultsOf(paramsFileWith("own", ...lines));

const CLAIM = "the name of a claim, 1 to 128 characters without blanks, quotes, commas, braces and backslashes";
const ORIGIN =
  "an origin as browsers send it, `https://host` or `http://host:port`, in lower case and without a slash at the end";
const SECRET = "1 to 512 letters, digits and `/_+=.@-`, not ending in a hyphen and six characters";
const ISSUER = "an https URL without query, fragment or credentials";
const PREFIX =
  "empty, or 1 to 100 characters without blanks, quotes and backslashes, ending in a separator such as `/` or `:`";
const AUDIENCE = "1 to 512 characters without blanks";
const BASE = "an https URL without path or query";
const RETENTION =
  "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653";

const BUCKET = "empty, or the name of a bucket, of 3 to 63 small letters, digits, hyphens and dots";
const KEY = "empty, or the ARN of a key in KMS, not of an alias";
const A_KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const POLICY = "empty, or the ARN of a managed policy in IAM";
const A_POLICY = "arn:aws:iam::111122223333:policy/developer-boundary";
const CERTIFICATE = "empty, or the ARN of a certificate in ACM";
const A_CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab";
const DOMAIN = "empty, or a host name in lower case, without scheme and path";
const SUBNETS = "empty, or a list of 1 to 16, each the id of a subnet";
const GROUPS = "empty, or a list of 1 to 5, each the id of a security group";
const A_SUBNET = "subnet-0123456789abcdef0";
const A_GROUP = "sg-0123456789abcdef0";

/** A line of params.yml, what its parameter must be, and what the refusal ends in. */
const REFUSALS: readonly (readonly [line: string, must: string, end: string])[] = [
  ["region: us-eats-1", "the name of an AWS region", "did you mean us-east-1?"],
  ["region: us-east-1a", "the name of an AWS region", "did you mean us-east-1?"],
  ["region: US-EAST-1", "the name of an AWS region", "did you mean us-east-1?"],
  ["region: eu-west1", "the name of an AWS region", "did you mean eu-west-1?"],
  ["region: somewhere", "the name of an AWS region", "for instance us-east-1"],
  ['region: ""', "the name of an AWS region", "for instance us-east-1"],

  ["cielo24BaseUrl: http://api.cielo24.com", BASE, "did you mean https://api.cielo24.com?"],
  ["cielo24BaseUrl: api.cielo24.com", BASE, "did you mean https://api.cielo24.com?"],
  ["cielo24BaseUrl: https://api.cielo24.com/api", BASE, "did you mean https://api.cielo24.com?"],
  ["cielo24BaseUrl: https://api.cielo24.com?v=1", BASE, "did you mean https://api.cielo24.com?"],
  ["cielo24BaseUrl: https://user:word@api.cielo24.com", BASE, "did you mean https://api.cielo24.com?"],
  ['cielo24BaseUrl: ""', BASE, "for instance https://sandbox.cielo24.com"],

  ["cielo24SecretName: captions-secret", SECRET, "did you mean captions_secret?"],
  ["cielo24SecretName: cielo24-prod/a", SECRET, "did you mean cielo24_prod/a?"],
  ["cielo24SecretName: cielo24 prod", SECRET, "did you mean cielo24-prod?"],
  [
    "cielo24SecretName: arn:aws:secretsmanager:us-east-1:123456789012:secret:cielo24/dev-AbCdEf",
    SECRET,
    "did you mean cielo24/dev?",
  ],
  ["cielo24SecretName: cielo24:dev", SECRET, "for instance cielo24/dev"],
  ['cielo24SecretName: ""', SECRET, "for instance cielo24/dev"],

  ["issuerUrl: http://login.captions.test/", ISSUER, "did you mean https://login.captions.test/?"],
  ["issuerUrl: login.captions.test", ISSUER, "did you mean https://login.captions.test?"],
  ["issuerUrl: https://login.captions.test/?tenant=1", ISSUER, "did you mean https://login.captions.test/?"],
  ["issuerUrl: https://login.captions.test/#top", ISSUER, "did you mean https://login.captions.test/?"],
  ["issuerUrl: https://a:b@login.captions.test/", ISSUER, "did you mean https://login.captions.test/?"],
  ['issuerUrl: " https://login.captions.test/"', ISSUER, "did you mean https://login.captions.test/?"],
  [
    "issuerUrl: https://login.captions.test/realms/a/.well-known/openid-configuration",
    ISSUER,
    "did you mean https://login.captions.test/realms/a?",
  ],
  ["issuerUrl: the one at work", ISSUER, "for instance https://issuer.example/"],

  ["audience: api", `a list of 1 to 50, each ${AUDIENCE}`, "did you mean [api]?"],
  ["audience: []", `a list of 1 to 50, each ${AUDIENCE}`, "for instance [https://captions.example/api]"],
  ['audience: ""', `a list of 1 to 50, each ${AUDIENCE}`, "for instance [https://captions.example/api]"],
  ["audience: {a: b}", `a list of 1 to 50, each ${AUDIENCE}`, "for instance [https://captions.example/api]"],
  [
    `audience: [${Array.from({ length: 51 }, (_, at) => `a${at}`).join(", ")}]`,
    `a list of 1 to 50, each ${AUDIENCE}`,
    "for instance [https://captions.example/api]",
  ],

  ["identityProvider: Cognito", "one of existing, cognito", "did you mean cognito?"],
  ["identityProvider: auth0", "one of existing, cognito", "for instance existing"],
  ["scopePrefix: captions", PREFIX, "did you mean captions/?"],
  ["scopePrefix: captions/media.write", PREFIX, "did you mean captions/?"],
  ["scopePrefix: api://4f2e", PREFIX, "did you mean api://4f2e/?"],
  ['scopePrefix: "captions/ "', PREFIX, "did you mean captions/?"],
  ["scopePrefix: my captions/", PREFIX, "for instance captions/"],
  ["scopePrefix: [captions/]", PREFIX, "did you mean captions/?"],
  ["scopeClaim: my roles", CLAIM, "for instance scope"],
  ["scopeClaim: scope, roles", CLAIM, "for instance scope"],
  ['scopeClaim: ""', CLAIM, "for instance scope"],

  ["ownerClaim: my tenant", CLAIM, "for instance sub"],
  ["ownerClaim: [sub]", CLAIM, "did you mean sub?"],
  ['ownerClaim: ""', CLAIM, "for instance sub"],
  ['ownerClaim: " tenant"', CLAIM, "did you mean tenant?"],
  ["ownerClaim: {name: sub}", CLAIM, "for instance sub"],
  ["jobsClaim: jobs, videos", `empty, or ${CLAIM}`, "for instance jobs"],
  ['jobsClaim: " "', `empty, or ${CLAIM}`, 'did you mean ""?'],
  ["jobsClaimRequired: yes", "true or false", "did you mean true?"],
  ["jobsClaimRequired: False", "true or false", "did you mean false?"],

  ["throttleRatePerS: 0", "a whole number from 1 to 100000", "the nearest is 1"],
  ["throttleRatePerS: 1e9", "a whole number from 1 to 100000", "the nearest is 100000"],
  ["throttleBurst: -1", "a whole number from 1 to 100000", "the nearest is 1"],
  ["throttleBurst: 100001", "a whole number from 1 to 100000", "the nearest is 100000"],

  ["maxMediaBytes: 10737418240", "a whole number from 1 to 10737418239", "the nearest is 10737418239"],
  ["maxMediaBytes: 10 GB", "a whole number from 1 to 10737418239", "for instance 10737418239"],
  ["maxMediaBytes: 99999999999999999999", "a whole number from 1 to 10737418239", "the nearest is 10737418239"],
  ["uploadUrlLifetimeS: 59", "a whole number from 60 to 3600", "the nearest is 60"],
  ["uploadUrlLifetimeS: 3601", "a whole number from 60 to 3600", "the nearest is 3600"],
  ["mediaRetentionDays: 13", "a whole number from 14 to 3650", "the nearest is 14"],
  ["mediaRetentionDays: 30.5", "a whole number from 14 to 3650", "the nearest is 31"],
  ["mediaRetentionDays: forever", "a whole number from 14 to 3650", "for instance 30"],
  ["mediaRetentionDays: 3651", "a whole number from 14 to 3650", "the nearest is 3650"],

  ["dropSettleS: 901", "a whole number from 0 to 900", "the nearest is 900"],
  ["dropSettleS: -1", "a whole number from 0 to 900", "the nearest is 0"],
  ["truncatedPatienceS: 43201", "a whole number from 0 to 43200", "the nearest is 43200"],
  ["preflight: enforced", "one of enforce, report, off", "did you mean enforce?"],
  ["preflight: OFF", "one of enforce, report, off", "did you mean off?"],
  ["preflight: false", "one of enforce, report, off", "for instance enforce"],
  ["requireAudio: on", "true or false", "did you mean true?"],
  ["requireAudio: treu", "true or false", "did you mean true?"],
  ["maxMediaDurationS: 604801", "a whole number from 0 to 604800", "the nearest is 604800"],

  ["deliveryMode: atuo", "one of auto, stream, url", "did you mean auto?"],
  ["deliveryMode: Stream", "one of auto, stream, url", "did you mean stream?"],
  ["deliveryMode: [url]", "one of auto, stream, url", "did you mean url?"],
  ["deliveryMode: push", "one of auto, stream, url", "for instance auto"],
  ['deliveryMode: "auto "', "one of auto, stream, url", "did you mean auto?"],
  ["resendAfterUnknown: no", "true or false", "did you mean false?"],
  ["resendAfterUnknown: perhaps", "true or false", "for instance false"],
  ["resendAfterServerError: 1", "true or false", "did you mean true?"],
  ["settleS: 0", "a whole number from 1 to 86400", "the nearest is 1"],
  ["settleS: 1_800", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 18e2", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 0x708", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 0o3410", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 01800", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: +1800", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 1800.0", "a whole number from 1 to 86400", "the nearest is 1800"],
  ["settleS: 30 minutes", "a whole number from 1 to 86400", "for instance 1800"],
  ["settleS: 2026-01-02", "a whole number from 1 to 86400", "for instance 1800"],
  ["settleS: .inf", "a whole number from 1 to 86400", "for instance 1800"],
  ["settleS: [1800]", "a whole number from 1 to 86400", "the nearest is 1800"],
  ['settleS: ""', "a whole number from 1 to 86400", "for instance 1800"],
  ["serverErrorSettleS: 129601", "a whole number from 1 to 129600", "the nearest is 129600"],
  ["finalizeReserveS: 601", "a whole number from 1 to 600", "the nearest is 600"],
  ["capabilityLifetimeS: 59", "a whole number from 60 to 86400", "the nearest is 60"],
  ["longestPullS: 86401", "a whole number from 60 to 86400", "the nearest is 86400"],
  ["idleTimeoutS: 0", "a whole number from 1 to 600", "the nearest is 1"],
  ["longestWaitS: 21", "a whole number from 0 to 20", "the nearest is 20"],
  ["longestWaitS: 5s", "a whole number from 0 to 20", "for instance 5"],
  ["deliveryStatusConcurrency: none", "a whole number from 0 to 10000", "for instance 0"],
  ["deliveryStatusConcurrency: -1", "a whole number from 0 to 10000", "the nearest is 0"],
  ["deliverMediaMemoryMb: 128", "a whole number from 256 to 10240", "the nearest is 256"],
  ["deliverMediaMemoryMb: 10241", "a whole number from 256 to 10240", "the nearest is 10240"],
  ["deliverMediaMemoryMb: 512MB", "a whole number from 256 to 10240", "for instance 512"],
  ["deliverMediaConcurrency: 10001", "a whole number from 0 to 10000", "the nearest is 10000"],
  ["maximumConcurrency: 1", "a whole number from 2 to 1000", "the nearest is 2"],
  ["maximumConcurrency: 1001", "a whole number from 2 to 1000", "the nearest is 1000"],

  ["logLevel: warning", "one of debug, info, warn, error", "did you mean warn?"],
  ["logLevel: INFO", "one of debug, info, warn, error", "did you mean info?"],
  ["logRetentionDays: 31", RETENTION, "the nearest is 30"],
  ["logRetentionDays: 10", RETENTION, "the nearest is 7"],
  ["logRetentionDays: 4", RETENTION, "the nearest is 5"],
  ["logRetentionDays: 10000", RETENTION, "the nearest is 3653"],
  ["logRetentionDays: 0", RETENTION, "the nearest is 1"],
  ["logRetentionDays: never", RETENTION, "for instance 14"],
  ["accessLogBucket: ab", BUCKET, "for instance captions-access-logs"],
  ["accessLogBucket: 10.0.0.1", BUCKET, "for instance captions-access-logs"],
  ["accessLogBucket: s3://acme-logs/media/", BUCKET, "did you mean acme-logs?"],
  ["accessLogBucket: arn:aws:s3:::acme-logs", BUCKET, "did you mean acme-logs?"],
  ["accessLogBucket: Acme.Logs", BUCKET, "did you mean acme.logs?"],
  ["existingBucket: ab", BUCKET, "for instance captions-media"],
  ["existingBucket: s3://acme-media/captions/", BUCKET, "did you mean acme-media?"],
  ["existingBucket: arn:aws:s3:::acme-media", BUCKET, "did you mean acme-media?"],
  ["kmsKeyArn: 1234abcd-12ab-34cd-56ef-1234567890ab", KEY, `for instance ${A_KEY}`],
  ["kmsKeyArn: alias/captions", KEY, `for instance ${A_KEY}`],
  ["kmsKeyArn: arn:aws:kms:us-east-1:111122223333:alias/captions", KEY, `for instance ${A_KEY}`],
  [`kmsKeyArn: " ${A_KEY}"`, KEY, `did you mean ${A_KEY}?`],
  ["permissionsBoundaryArn: developer-boundary", POLICY, `for instance ${A_POLICY}`],
  ["permissionsBoundaryArn: arn:aws:iam::111122223333:role/developer", POLICY, `for instance ${A_POLICY}`],
  ["vpcSubnetIds: []", SUBNETS, `for instance [${A_SUBNET}, subnet-0123456789abcdef1]`],
  [`vpcSubnetIds: ${A_SUBNET}`, SUBNETS, `did you mean [${A_SUBNET}]?`],
  ["vpcSubnetIds: {a: b}", SUBNETS, `for instance [${A_SUBNET}, subnet-0123456789abcdef1]`],
  [`vpcSecurityGroupIds: ${A_GROUP}`, GROUPS, `did you mean [${A_GROUP}]?`],
  ["vpcSecurityGroupIds: default", GROUPS, `for instance [${A_GROUP}]`],
  ["domainName: https://proxy.captions.test/", DOMAIN, "did you mean proxy.captions.test?"],
  ["domainName: Proxy.Captions.test", DOMAIN, "did you mean proxy.captions.test?"],
  ["domainName: proxy", DOMAIN, "for instance proxy.captions.example"],
  ["domainName: '*.captions.test'", DOMAIN, "for instance proxy.captions.example"],
  ["certificateArn: proxy.captions.test", CERTIFICATE, `for instance ${A_CERTIFICATE}`],
  ["certificateArn: arn:aws:iam::111122223333:server-certificate/proxy", CERTIFICATE, `for instance ${A_CERTIFICATE}`],
  ["alarmEmail: ops", "empty, or an e-mail address", "for instance operators@captions.example"],
  ["alarmEmail: mailto:ops@captions.test", "empty, or an e-mail address", "did you mean ops@captions.test?"],
  ["alarmEmail: Ops <ops@captions.test>", "empty, or an e-mail address", "did you mean ops@captions.test?"],
  ["alarmEmail: ops@captions.test, me@captions.test", "empty, or an e-mail address", "did you mean ops@captions.test?"],
];

/** The same for the only entry of a list. */
const REFUSED_ENTRIES: readonly (readonly [name: string, entry: string, must: string, end: string])[] = [
  ["audience", "my api", AUDIENCE, "for instance https://captions.example/api"],
  ["audience", "[api]", AUDIENCE, "did you mean api?"],
  ["audience", "{api: 1}", AUDIENCE, "for instance https://captions.example/api"],
  ["audience", "null", AUDIENCE, "for instance https://captions.example/api"],
  ["audience", '""', AUDIENCE, "for instance https://captions.example/api"],
  ["corsOrigins", "https://app.captions.test/", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "https://app.captions.test/upload", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "https://App.Captions.test", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "HTTPS://app.captions.test", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "app.captions.test", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "//app.captions.test", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "localhost:3000", ORIGIN, "did you mean http://localhost:3000?"],
  ["corsOrigins", "https://app.captions.test:443", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "https://tübingen.test", ORIGIN, "did you mean https://xn--tbingen-n2a.test?"],
  ["corsOrigins", "https://app.captions.test?a=b", ORIGIN, "did you mean https://app.captions.test?"],
  ["corsOrigins", "ftp://app.captions.test", ORIGIN, "for instance http://localhost:3000"],
  ["corsOrigins", "https://*.captions.test", ORIGIN, "for instance http://localhost:3000"],
  ["corsOrigins", '"*"', ORIGIN, "for instance http://localhost:3000"],
  ["corsOrigins", '"null"', ORIGIN, "for instance http://localhost:3000"],
  ["vpcSubnetIds", "vpc-0123456789abcdef0", "the id of a subnet", `for instance ${A_SUBNET}`],
  ["vpcSecurityGroupIds", "default", "the id of a security group", `for instance ${A_GROUP}`],
];

/** What a parameter needs beside it. */
const BESIDES: Readonly<Record<string, string>> = {
  jobsClaimRequired: "jobsClaim: jobs",
  vpcSubnetIds: `vpcSecurityGroupIds: [${A_GROUP}]`,
  vpcSecurityGroupIds: `vpcSubnetIds: [${A_SUBNET}]`,
  domainName: `certificateArn: ${A_CERTIFICATE}`,
  certificateArn: "domainName: proxy.captions.test",
};
const besides = (name: string) => [BESIDES[name] ?? []].flat();

const nameIn = (line: string) => line.slice(0, line.indexOf(":"));

describe("a parameter is refused with its name, what it must be, and the nearest right value", () => {
  it.each(REFUSALS)("%s", (line, must, end) => {
    expect(faultsOfLines(line)).toEqual([`${nameIn(line)} (own) must be ${must}: ${end}`]);
  });

  it.each(REFUSED_ENTRIES)("%s: [%s]", (name, entry, must, end) => {
    expect(faultsOfLines(`${name}: [${entry}]`)).toEqual([`${name} (own, entry 1) must be ${must}: ${end}`]);
  });

  it("whichever it is", () => {
    const tried = new Set([...REFUSALS.map(([line]) => nameIn(line)), ...REFUSED_ENTRIES.map(([name]) => name)]);
    expect(Object.keys(PARAMETERS).filter((name) => !tried.has(name))).toEqual([]);
  });

  /** What a refusal names in its end. */
  const namedIn = (end: string) =>
    /^(?:did you mean (.*)\?|(?:the nearest is|for instance) (.*))$/.exec(end)?.slice(1).find(Boolean);

  it.each(REFUSALS)("and is right with the value that is named: %s", (line, _, end) => {
    const name = nameIn(line);
    expect(faultsOfLines(`${name}: ${namedIn(end) ?? "none"}`, ...besides(name))).toEqual([]);
  });

  it.each(REFUSED_ENTRIES)("and is right with the entry that is named: %s: [%s]", (name, _entry, _must, end) => {
    expect(faultsOfLines(`${name}: [${namedIn(end) ?? "none"}]`, ...besides(name))).toEqual([]);
  });
});

describe("a parameter is taken", () => {
  it.each([
    ...["region: eu-west-1", "region: us-gov-east-1", "region: cn-northwest-1", "region: eusc-de-east-1"],
    ...[
      "region: ap-southeast-9",
      "issuerUrl: https://login.captions.test",
      "issuerUrl: https://Login.captions.test/A/",
    ],
    ...["issuerUrl: https://login.captions.test:8443/realms/a", "cielo24BaseUrl: https://api.cielo24.com/"],
    ...["cielo24SecretName: captions-secret1", "cielo24SecretName: 0123", "audience: [0123, 1.10, api://4f2e]"],
    ...["ownerClaim: https://captions.test/tenant", "ownerClaim: custom:tenant", "ownerClaim: 0123", "jobsClaim: 1e3"],
    ...["corsOrigins: [http://192.168.0.2:8080, 'http://[::1]:3000', https://xn--tbingen-n2a.test]"],
    ...["mediaRetentionDays: 14", "mediaRetentionDays: 3650", "dropSettleS: 0", "settleS: 86400", 'settleS: "1800"'],
    ...['scopePrefix: ""', "scopePrefix: captions/", "scopePrefix: 'captions:'", "scopePrefix: 0123."],
    ...["scopePrefix: https://captions.test/", "scopeClaim: permissions", "scopeClaim: https://captions.test/roles"],
    ...["preflight: off", "logRetentionDays: 3653", "alarmEmail: first.last+ops@mail.captions.test"],
    ...["accessLogBucket: acme-logs", "accessLogBucket: 0.acme.logs", `accessLogBucket: ${"a".repeat(63)}`],
    ...["existingBucket: acme.media", "kmsKeyArn: ''", `kmsKeyArn: ${A_KEY}`, 'vpcSubnetIds: ""', 'domainName: ""'],
    "kmsKeyArn: arn:aws-us-gov:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ...["permissionsBoundaryArn: arn:aws:iam::aws:policy/PowerUserAccess", `permissionsBoundaryArn: ${A_POLICY}`],
  ])("%s", (line) => {
    expect(faultsOfLines(line)).toEqual([]);
  });

  it("at the ends of its range, and not beyond", () => {
    for (const [name, { wanted }] of Object.entries(PARAMETERS)) {
      const [, least, most] = /^a whole number from (\d+) to (\d+)$/.exec(wanted)?.map(Number) ?? [];
      if (least === undefined || most === undefined) continue;
      const accepted = [least - 1, least, most, most + 1].map(
        (value) => faultsOfLines(`${name}: ${value}`).length === 0,
      );
      expect([name, ...accepted]).toEqual([name, false, true, true, false]);
    }
  });
});

describe("names", () => {
  it.each([
    ["setleS: 5", "setleS (own) is no parameter: did you mean settleS?"],
    ["settles: 5", "settles (own) is no parameter: did you mean settleS?"],
    ["corsOrigin: [https://a.test]", "corsOrigin (own) is no parameter: did you mean corsOrigins?"],
    ["constructor: 5", "constructor (own) is no parameter: docs/parameters.md has all of them"],
    ["__proto__: 5", "__proto__ (own) is no parameter: docs/parameters.md has all of them"],
  ])("that are unknown are refused: %s", (line, fault) => {
    expect(faultsOfLines(line)).toEqual([fault]);
  });

  it("that are unknown are refused in default, too, but not in another stage's section", () => {
    const file = paramsFileWith("own").replace("default:\n", "default:\n  logLvl: info\n");
    expect(faultsOf(file)).toEqual(["logLvl (default) is no parameter: did you mean logLevel?"]);
    expect(faultsOf(paramsFileWith("other", "logLvl: info"), { stage: "dev" })).toEqual([]);
  });

  it("must all be there", () => {
    const file = paramsFileWith("own").replace(/^ {2}settleS: .*\n/m, "");
    expect(faultsOf(file)).toEqual([
      "settleS is missing: it must be a whole number from 1 to 86400: for instance 1800",
    ]);
  });

  it("must all be there, empty if they are off in the example, and with the value that it has for the stage", () => {
    const file = paramsFileWith("own").replace(/^ {2}(kmsKeyArn|scopePrefix|longestWaitS): .*\n/gm, "");
    expect(faultsOf(file, { stage: "prod" })).toEqual([
      expect.stringMatching(/^scopePrefix is missing: .*: for instance ""$/),
      "longestWaitS is missing: it must be a whole number from 0 to 20: for instance 20",
      expect.stringMatching(/^kmsKeyArn is missing: .*: for instance ""$/),
    ]);
  });

  it.each(["settleS:", "settleS: ~", "settleS: null"])("must have a value: %s", (line) => {
    expect(faultsOfLines(line)).toEqual([
      "settleS (own) has no value: it must be a whole number from 1 to 86400: for instance 1800",
    ]);
  });

  it("belong into a section", () => {
    expect(faultsOf(`${paramsFileWith("own")}settleS: 5\n`)).toEqual([
      "settleS stands outside of the sections of params.yml: move it below default, or below a stage",
    ]);
  });
});

describe("a list", () => {
  it("has no entry twice", () => {
    expect(faultsOfLines("corsOrigins: [https://a.test, https://b.test, https://a.test]")).toEqual([
      "corsOrigins (own, entry 3) must be another one than entry 1: remove it",
    ]);
  });

  it("is refused for each entry that is wrong", () => {
    expect(faultsOfLines("corsOrigins: [https://a.test/, https://b.test, c.test]")).toEqual([
      `corsOrigins (own, entry 1) must be ${ORIGIN}: did you mean https://a.test?`,
      `corsOrigins (own, entry 3) must be ${ORIGIN}: did you mean https://c.test?`,
    ]);
  });
});

describe("parameters that do not go together", () => {
  it("are a mandatory claim of jobs, and none that has a name", () => {
    expect(faultsOfLines("jobsClaimRequired: true")).toEqual([
      "jobsClaimRequired must be false as long as jobsClaim is empty: set it to false, or name the claim in jobsClaim",
    ]);
    expect(faultsOfLines("jobsClaimRequired: true", "jobsClaim: jobs")).toEqual([]);
  });

  it("are deliveries that the queue hands out, and fewer that are reserved", () => {
    expect(faultsOfLines("maximumConcurrency: 10", "deliverMediaConcurrency: 9")).toEqual([
      "deliverMediaConcurrency must be 0, or at least maximumConcurrency (10): the nearest is 10",
    ]);
    for (const reserved of [0, 10, 11])
      expect(faultsOfLines("maximumConcurrency: 10", `deliverMediaConcurrency: ${reserved}`)).toEqual([]);
  });

  it("are subnets without security groups, a domain without a certificate, and the other way round", () => {
    for (const [name, value] of [
      ["vpcSubnetIds", `[${A_SUBNET}]`],
      ["vpcSecurityGroupIds", `[${A_GROUP}]`],
      ["domainName", "proxy.captions.test"],
      ["certificateArn", A_CERTIFICATE],
    ] as const) {
      const line = `${name}: ${value}`;
      const [other = ""] = besides(name);
      expect(faultsOfLines(line, other)).toEqual([]);
      expect(faultsOfLines(line)).toEqual([`${name} needs ${nameIn(other)}, which is empty: give both, or neither`]);
    }
  });

  it("are a key or a certificate, and a stage in another region", () => {
    expect(faultsOfLines(`kmsKeyArn: ${A_KEY}`, "region: eu-west-1")).toEqual([
      "kmsKeyArn must be of the stage's region, eu-west-1, it is of us-east-1: use one of that region",
    ]);
    const domain = ["domainName: proxy.captions.test", `certificateArn: ${A_CERTIFICATE}`];
    expect(faultsOfLines(...domain, "region: eu-west-1")).toEqual([
      "certificateArn must be of the stage's region, eu-west-1, it is of us-east-1: use one of that region",
    ]);
  });

  it("are a bucket that exists, and an access log to be set on it", () => {
    expect(faultsOfLines("existingBucket: acme-media", "accessLogBucket: acme-logs")).toEqual([
      expect.stringMatching(/^accessLogBucket must be empty with existingBucket, .* set it to ""/),
    ]);
  });

  it("are a prefix and a scope that API Gateway has to check, and that are too long together", () => {
    const prefix = (length: number) => `scopePrefix: ${"p".repeat(length - 1)}/`;
    expect(faultsOfLines(prefix(50))).toEqual([]);
    expect(faultsOfLines(prefix(51), "scopeClaim: scp")).toEqual([
      "scopePrefix must have at most 50 characters where API Gateway checks scopes (scopeClaim: scp), it has 51: a scope such as metadata.write may have 64 with its prefix",
    ]);
    expect(faultsOfLines(prefix(100), "scopeClaim: roles")).toEqual([]);
  });
});

describe("a stage with a user pool of its own", () => {
  const unused = ["issuerUrl: none", "audience: []", "scopePrefix: x"];

  it("needs no issuer, no audience and no prefix", () => {
    expect(faultsOfLines("identityProvider: cognito", ...unused)).toEqual([]);
    expect(faultsOfLines("identityProvider: existing", ...unused)).toHaveLength(3);
    const without = paramsFileWith("own", "identityProvider: cognito").replaceAll(
      /^ {2}(issuerUrl|audience): .*\n/gm,
      "",
    );
    expect(faultsOf(without)).toEqual([]);
  });

  it("sends users back to https alone, or to localhost: Cognito refuses others at the end of a deployment", () => {
    const origins = (...list: string[]) => `corsOrigins: [${list.map((each) => `"${each}"`).join(", ")}]`;
    const right = origins("https://a.test", "http://localhost", "http://localhost:5173");
    expect(faultsOfLines("identityProvider: cognito", right)).toEqual([]);

    const wrong = origins("http://a.test:8080", "http://127.0.0.1:3000", "http://[::1]", "http://localhost.test");
    expect(faultsOfLines(wrong)).toEqual([]);
    const sentence =
      "corsOrigins must be https, or http://localhost with any port, since Cognito sends users back there";
    expect(faultsOfLines("identityProvider: cognito", wrong)).toEqual([
      `${sentence} (identityProvider: cognito): did you mean https://a.test:8080 in place of http://a.test:8080?`,
      `${sentence} (identityProvider: cognito): did you mean http://localhost:3000 in place of http://127.0.0.1:3000?`,
      `${sentence} (identityProvider: cognito): did you mean http://localhost in place of http://[::1]?`,
      `${sentence} (identityProvider: cognito): did you mean https://localhost.test in place of http://localhost.test?`,
    ]);
  });

  it("is deployed with the example's placeholders for them", () => {
    expect(faultsOf(paramsFileWith("own", "identityProvider: cognito"), { isDeploy: true })).toEqual([]);
    expect(faultsOf(paramsFileWith("own"), { isDeploy: true })).toEqual([
      "issuerUrl (default) still has the example's value",
      "audience (default) still has the example's value",
    ]);
  });
});

describe("a placeholder of the example", () => {
  const faultsOfIssuer = (issuer: string) =>
    faultsOf(paramsFileWith("own", `issuerUrl: ${issuer}`, "audience: [api]"), { isDeploy: true });

  it.each(["https://id.example", "https://id.example/", "https://id.example:8443/realms/a"])("is %s", (issuer) => {
    expect(faultsOfIssuer(issuer)).toEqual(["issuerUrl (own) still has the example's value"]);
  });

  it.each(["https://id.example-corp.com/", "https://id.examples.org", "https://example.acme.org"])(
    "is not %s, which is somebody's",
    (issuer) => {
      expect(faultsOfIssuer(issuer)).toEqual([]);
    },
  );
});

describe("the command line", () => {
  const file = paramsFileWith("own");

  it("overrides the file, and is checked like it", () => {
    expect(faultsOf(paramsFileWith("own", "settleS: 0"), { params: { settleS: "5" } })).toEqual([]);
    expect(faultsOf(file, { params: { settleS: "0", setleS: "1" } })).toEqual([
      "setleS (--param) is no parameter: did you mean settleS?",
      "settleS (--param) must be a whole number from 1 to 86400: the nearest is 1",
    ]);
  });

  it("gives neither empty values nor lists", () => {
    expect(faultsOf(file, { params: { alarmEmail: "", audience: "api" } })).toEqual([
      "audience (--param) is a list, which the command line cannot give: write it into params.yml",
      "alarmEmail (--param) has no value. The framework takes none that is empty: write it into params.yml",
    ]);
  });

  it("may name the region, which is checked like the parameter", () => {
    expect(faultsOf(file, { region: "eu-wset-1" })).toEqual([
      "region (--region) must be the name of an AWS region: did you mean eu-west-1?",
    ]);
  });
});

describe("variables of the framework", () => {
  it.each(["alarmEmail: ${env:EMAIL}", "settleS: ${opt:settle}", "jobsClaim: a${sls:stage}"])(
    "are refused, since nobody could check what they stand for: %s",
    (line) => {
      expect(faultsOfLines(line)).toEqual([
        expect.stringContaining("must be written out, since `${…}` cannot be checked"),
      ]);
    },
  );
});

describe("a stage", () => {
  const file = paramsFileWith("own");

  it.each([
    ["staging", "add one, or use dev, prod, own"],
    ["prd", "add one, or use dev, prod, own (did you mean prod?)"],
    ["constructor", "add one, or use dev, prod, own"],
  ])("needs a section: %s", (stage, end) => {
    expect(faultsOf(file, { stage })).toEqual([`no section \`${stage}\` in params.yml: ${end}`]);
  });

  it("may have an empty section, where default has all", () => {
    const anchored = file.replace("default:\n", "base: &base\n").replace("dev:\n", "dev: &dev\n");
    const whole = `${anchored}default:\n  <<: [*dev, *base]\nempty: {}\n`;
    expect(faultsOf(whole, { stage: "empty" })).toEqual([]);
  });

  it("is not named default", () => {
    expect(faultsOf(file, { stage: "default" })).toContain(
      "default is the section for all stages, and no stage: use dev, prod, own",
    );
  });

  it.each([
    ["Prod", "did you mean prod?"],
    ["my_stage", "did you mean my-stage?"],
    ["dev-", "did you mean dev?"],
    ["1st", "did you mean st?"],
    ["../x", "did you mean x?"],
    ["-", "for instance dev"],
  ])("has a name for AWS: %s", (stage, end) => {
    expect(faultsOf(paramsFileWith(stage), { stage })).toEqual([
      `the stage's name must begin with a lower-case letter, followed by lower-case letters, digits and hyphens, with no hyphen at the end: ${end}`,
    ]);
  });

  it.each([
    ["cognito", "cognito", "for instance dev"],
    ["new-cognito2", "cognito", "for instance new-2"],
    ["draws", "aws", "for instance dr"],
  ])("has none of the words that Cognito keeps for itself, if it has a user pool: %s", (stage, word, end) => {
    expect(faultsOf(paramsFileWith(stage, "identityProvider: cognito"), { stage })).toEqual([
      `the stage's name must not contain ${word}, since Cognito does not take that for the domain where users sign in: ${end}`,
    ]);
    expect(faultsOf(paramsFileWith(stage), { stage })).toEqual([]);
  });

  it.each(["us-east-1", "eu-central-1", "ap-southeast-2", "ap-northeast-1", "us-gov-west-1"])(
    "has as many letters as the bucket's name leaves in %s",
    (region) => {
      const longest = "s".repeat(longestStage(region));
      const fault = (stage: string) => faultsOf(paramsFileWith(stage), { stage, region });
      expect(fault(longest)).toEqual([]);
      expect(fault(`${longest}s`)).toEqual([
        `the stage's name must have at most ${longest.length} letters in ${region}, it has ${longest.length + 1}: its bucket cielo24-proxy-${longest}s-media-<account>-${region} would have more than 63: for instance ${longest}`,
      ]);
    },
  );
});

describe("a file", () => {
  it.each([
    ["a: 1\na: 2\n", /^params\.yml cannot be read: Map keys must be unique at line 2/],
    ["dev: [1\n", /^params\.yml cannot be read: /],
    ["dev:\n  settleS: !Ref x\n", /^params\.yml cannot be read: Unresolved tag: !Ref/],
    ["dev:\n  settleS: *x\n", /^params\.yml cannot be read: Unresolved alias/],
    ["- dev\n", /^params\.yml must have sections: default, and one for each stage$/],
    ["dev\n", /^params\.yml must have sections: default, and one for each stage$/],
  ])("that is no mapping of sections is refused: %j", (source, message) => {
    expect(() => parseSections(source, "params.yml")).toThrow(message);
  });

  it("may share values between sections as YAML does", () => {
    const own = paramsFileWith("own").replace("default:", "default: &all");
    expect(faultsOf(`${own}copy:\n  <<: *all\n  corsOrigins: [https://a.test]\n`, { stage: "copy" })).toHaveLength(5);
  });

  it("without sections is told so", () => {
    expect(faultsOf("")).toEqual(["no section `own` in params.yml: add one"]);
    expect(faultsOf("default: 5\nown: 6\n")).toContain(
      "section `own` in params.yml must hold parameters, each as `name: value`",
    );
  });
});

describe("npm run package", () => {
  /** Runs it in a folder with this params.yml. */
  const packageIn = async (paramsYml: string, ...args: readonly string[]) => {
    const folder = await mkdtemp(join(tmpdir(), "refused-"));
    try {
      await cp(EXAMPLE_PARAMS, join(folder, EXAMPLE_PARAMS));
      await writeFile(join(folder, "params.yml"), paramsYml);
      const run = promisify(execFile)(process.execPath, [resolve("scripts/package.ts"), ...args], { cwd: folder });
      const { code, stderr } = await run.then(
        () => ({ code: 0, stderr: "" }),
        (error: unknown) => error as { code: number; stderr: string },
      );
      return { code, stderr, left: await readdir(folder) };
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it("says everything that is wrong, and makes nothing", async () => {
    const file = paramsFileWith("own", "deliveryMode: atuo", "settleS: 0", "corsOrigins: [https://a.test/]");
    const { code, stderr, left } = await packageIn(file, "--stage", "own", "--param", "setleS=1");
    expect(code).toBe(1);
    expect(stderr.split("\n").map((line) => line.trim())).toEqual([
      "The parameters of own (params.yml) are not fit:",
      "setleS (--param) is no parameter: did you mean settleS?",
      `corsOrigins (own, entry 1) must be ${ORIGIN}: did you mean https://a.test?`,
      "deliveryMode (own) must be one of auto, stream, url: did you mean auto?",
      "settleS (own) must be a whole number from 1 to 86400: the nearest is 1",
      "",
    ]);
    expect(left.sort()).toEqual([EXAMPLE_PARAMS, "params.yml"]);
  });

  it.each([
    [
      "a stage without a section",
      ["--stage", "staging"],
      "no section `staging` in params.yml: add one, or use dev, prod, own",
    ],
    [
      "a stage that is too long",
      ["--stage=a-stage-of-far-too-many"],
      "the stage's name must have at most 20 letters in us-east-1",
    ],
    ["a region that is none", ["--stage", "own", "--region", "us-eats-1"], "region (--region) must be"],
    ["an empty value", ["--stage", "own", "--param", "alarmEmail="], "alarmEmail (--param) has no value"],
    ["a parameter without a value", ["--stage", "own", "--param", "settleS"], "settleS (--param) has no value"],
    [
      "a placeholder, when it deploys",
      ["--stage", "own", "--deploy"],
      "issuerUrl (default) still has the example's value",
    ],
  ])("makes nothing of %s", async (_, args, fault) => {
    const { code, stderr, left } = await packageIn(paramsFileWith("own"), ...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(fault)]);
    expect(left).not.toContain("dist");
  });
});
