import { at, type Families, type Places } from "./family.ts";

const REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2"];

const everyOther = (text: string): string =>
  Array.from(text, (character, index) => (index % 2 === 0 ? character.toUpperCase() : character)).join("");
const fullWidth = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
const percentEncoded = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => `%${(letter.codePointAt(0) ?? 0).toString(16)}`);

/** All styles of address that S3 has, or had, for a bucket. */
const bucketHosts = (bucket: string): string[] => [
  `${bucket}.s3.amazonaws.com`,
  `${bucket}.s3-accelerate.amazonaws.com`,
  `${bucket}.s3-accelerate.dualstack.amazonaws.com`,
  `${bucket}.s3-external-1.amazonaws.com`,
  `${bucket}.s3-accesspoint.us-east-1.amazonaws.com`,
  `${bucket}.s3-accesspoint.dualstack.us-east-1.amazonaws.com`,
  `${bucket}.s3-accesspoint-fips.us-east-1.amazonaws.com`,
  `${bucket}.s3-object-lambda.us-east-1.amazonaws.com`,
  `${bucket}.s3-control.us-east-1.amazonaws.com`,
  `${bucket}.s3.cn-north-1.amazonaws.com.cn`,
  `${bucket}.s3.us-gov-west-1.amazonaws.com`,
  `${bucket}.s3-fips-us-gov-west-1.amazonaws.com`,
  `${bucket}.s3.eusc-de-east-1.amazonaws.eu`,
  `${bucket}.bucket.vpce-0a1b-c2d3.s3.us-east-1.vpce.amazonaws.com`,
  ...REGIONS.flatMap((region) => [
    `${bucket}.s3.${region}.amazonaws.com`,
    `${bucket}.s3-${region}.amazonaws.com`,
    `${bucket}.s3.dualstack.${region}.amazonaws.com`,
    `${bucket}.s3-fips.${region}.amazonaws.com`,
    `${bucket}.s3-fips.dualstack.${region}.amazonaws.com`,
    `${bucket}.s3-website-${region}.amazonaws.com`,
    `${bucket}.s3-website.${region}.amazonaws.com`,
    `${bucket}.s3.${region}.api.aws`,
  ]),
];

/** Hosts under which a bucket is the first part of the path. */
const PATH_STYLE_HOSTS = [
  "s3.amazonaws.com",
  "s3-external-1.amazonaws.com",
  "s3.dualstack.us-east-1.amazonaws.com",
  "s3-fips.us-east-1.amazonaws.com",
  "s3.cn-north-1.amazonaws.com.cn",
  "s3-control.us-east-1.amazonaws.com",
  "bucket.vpce-0a1b-c2d3.s3.us-east-1.vpce.amazonaws.com",
  "s3.us-east-1.api.aws",
  ...REGIONS.flatMap((region) => [`s3.${region}.amazonaws.com`, `s3-${region}.amazonaws.com`]),
];

const apiHosts = (host: string): string[] => {
  const [, id] = /^(\w+)\.execute-api\./.exec(host) ?? [];
  if (id === undefined) return [];
  return [
    `${id}.execute-api.us-east-1.amazonaws.com`,
    `${id}.execute-api.us-east-1.api.aws`,
    `${id}.execute-api-fips.us-east-1.amazonaws.com`,
    `${id}.execute-api.cn-north-1.amazonaws.com.cn`,
    `${id}-vpce-0a1b2c3d.execute-api.us-east-1.amazonaws.com`,
  ];
};

/** Ways back to where the request came to, and into the bucket whose objects are delivered anyway. */
export const ownPlaces = ({ ownBucket, ownHosts }: Places): Families => ({
  "our bucket, virtual-hosted": [
    ...at(bucketHosts(ownBucket)),
    ...at([
      `${ownBucket}.s3.us-east-1.amazonaws.com.`,
      `${ownBucket.toUpperCase()}.s3.us-east-1.amazonaws.com`,
      `${everyOther(ownBucket)}.S3.US-EAST-1.AMAZONAWS.COM`,
      `${fullWidth(ownBucket)}.s3.amazonaws.com`,
      `${percentEncoded(ownBucket)}.s3.amazonaws.com`,
      `${ownBucket}。s3.amazonaws.com`,
      `${ownBucket}.s3.amazonaws.com:443`,
      `${ownBucket}.s3.us-east-1.ａｍａｚｏｎａｗｓ.com`,
    ]),
    `https://${ownBucket}.s3.us-east-1.amazonaws.com/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00`,
    `https://${ownBucket}.s3.us-east-1.amazonaws.com/?list-type=2`,
    `https://${ownBucket}.s3.us-east-1.amazonaws.com`,
  ],
  "our bucket, in the path": [
    ...at(PATH_STYLE_HOSTS, `/${ownBucket}/a.mp4`),
    ...[
      `/${ownBucket}`,
      `/${ownBucket}/`,
      `/${ownBucket}?list-type=2`,
      `//${ownBucket}/a.mp4`,
      `/./${ownBucket}/a.mp4`,
      `/%2e/${ownBucket}/a.mp4`,
      `/other/../${ownBucket}/a.mp4`,
      `/other/%2E%2e/${ownBucket}/a.mp4`,
      `/${ownBucket.toUpperCase()}/a.mp4`,
      `/${percentEncoded(ownBucket)}/a.mp4`,
      `/${ownBucket}%2Fa.mp4`,
      `/%2F${ownBucket}/a.mp4`,
      `/other%2F..%2F${ownBucket}%2Fa.mp4`,
      `/${ownBucket}%5Ca.mp4`,
      `/${ownBucket}%2F%zz`,
      `/${percentEncoded(ownBucket)}/%zz`,
    ].map((path) => `https://s3.us-east-1.amazonaws.com${path}`),
  ],
  "our bucket, by other names of it": [
    `https://${ownBucket}/a.mp4`,
    `https://s3.console.aws.amazon.com/s3/object/${ownBucket}?prefix=a.mp4`,
    `https://us-east-1.console.aws.amazon.com/s3/buckets/${ownBucket}`,
    `https://s3.amazonaws.com:443/${ownBucket}/a.mp4`,
    `https://s3.amazonaws.com./${ownBucket}/a.mp4`,
    `https://S3.AmazonAWS.com/${ownBucket}/a.mp4`,
  ],
  "our API": ownHosts.flatMap((host) =>
    at(
      [
        host,
        `${host}.`,
        host.toUpperCase(),
        everyOther(host),
        `${host}:443`,
        fullWidth(host),
        host.replaceAll(".", "。"),
        host.replaceAll(".", "．"),
        percentEncoded(host),
        host.replaceAll(".", "%2e"),
        `\u00ad${host}`,
        ...apiHosts(host),
      ],
      "/api/job/delivery?v=1",
    ),
  ),
  "our capability URLs": ownHosts.flatMap((host) =>
    at([host, `${host}.`, host.toUpperCase()], `/media/${"0a".repeat(16)}.${"b1".repeat(16)}/a.mp4`),
  ),
});
