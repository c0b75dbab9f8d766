import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { awsClientOptions } from "../../../lib/aws-client.ts";
import { readAwsEnvironment } from "../../../lib/config.ts";
import { connectBucket } from "../../../lib/media/bucket.ts";
import { createUploadSigner } from "../../../lib/media/upload-signing.ts";

const LIFETIME_S = 900;
const TOKEN = "IQoJb3JpZ2luX2VjE+/Zs3==".repeat(40);

/** Every way in which a bucket's name gets into an address, with and without a session. */
const PLACES = [
  { region: "us-east-1", bucketName: "captions-media" },
  { region: "eu-west-1", bucketName: "captions.media.example" },
  { region: "cn-north-1", bucketName: "captions-media" },
  { region: "us-gov-west-1", bucketName: "captions-media" },
  { region: "us-east-1", bucketName: "captions-media", endpoint: "http://127.0.0.1:4626" },
  { region: "eu-north-1", bucketName: "captions-media", endpoint: "https://s3.example.org" },
  { region: "eu-north-1", bucketName: "captions-media", endpoint: "https://[::1]:8443/behind/a/path" },
].flatMap(({ region, bucketName, endpoint }) =>
  [undefined, TOKEN].map((sessionToken) => {
    const env = {
      BUCKET_NAME: bucketName,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL_S3: endpoint,
    };
    const s3 = awsClientOptions(readAwsEnvironment(env, "S3"));
    let now = 0;
    const clock = () => now;
    return {
      Bucket: bucketName,
      client: new S3Client({
        ...s3,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
      }),
      signer: createUploadSigner({ s3, bucketName, lifetimeS: LIFETIME_S, clock }),
      bucket: connectBucket({ env, clock }),
      setTime: (ms: number) => {
        now = ms;
      },
    };
  }),
);

type Place = (typeof PLACES)[number];

/** What a request may be about. */
interface About {
  readonly key: string;
  readonly uploadId: string;
  readonly contentLength: number | undefined;
  readonly contentType: string | undefined;
  readonly partNumber: number;
  readonly afterPart: number | undefined;
  readonly versionId: string;
}

/** Every request that the project signs: by its own means, and as a command of the SDK's. */
const OPERATIONS: Readonly<
  Record<
    string,
    { ours: (place: Place, about: About) => Promise<string>; command: (b: string, about: About) => object }
  >
> = {
  put: {
    ours: async ({ signer }, about) => (await signer.put(about)).url,
    command: (Bucket, { key, contentLength }) =>
      new PutObjectCommand({ Bucket, Key: key, ContentLength: contentLength }),
  },
  createMultipart: {
    ours: async ({ signer }, about) => (await signer.createMultipart(about)).url,
    command: (Bucket, { key }) => new CreateMultipartUploadCommand({ Bucket, Key: key }),
  },
  part: {
    ours: async ({ signer }, about) => (await signer.part(about)).url,
    command: (Bucket, { key, uploadId, partNumber, contentLength }) =>
      new UploadPartCommand({
        Bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        ContentLength: contentLength,
      }),
  },
  listParts: {
    ours: async ({ signer }, about) => (await signer.listParts(about)).url,
    command: (Bucket, { key, uploadId, afterPart }) =>
      new ListPartsCommand({ Bucket, Key: key, UploadId: uploadId, PartNumberMarker: afterPart?.toString() }),
  },
  complete: {
    ours: async ({ signer }, about) => (await signer.complete(about)).url,
    command: (Bucket, { key, uploadId }) =>
      new CompleteMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }),
  },
  abort: {
    ours: async ({ signer }, about) => (await signer.abort(about)).url,
    command: (Bucket, { key, uploadId }) => new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }),
  },
  read: {
    ours: ({ bucket }, { key, versionId }) => bucket.sign({ key, versionId }),
    command: (Bucket, { key, versionId }) => new GetObjectCommand({ Bucket, Key: key, VersionId: versionId }),
  },
};

/** Pieces that are encoded, folded or taken for something else where a signer is careless. */
const PIECES = [
  ...Array.from(" +%&=?#/\\.~!'()*:;@,$[]{}<>|^`\"-_aZ0"),
  "..",
  "//",
  "%2F",
  "%20",
  "ü",
  "e\u0301",
  "日本",
  "😀",
  "\t",
  "\u007f",
];
const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 80,
});

const about: fc.Arbitrary<About> = fc.record({
  key: fc.string({ unit: fc.constantFrom(...PIECES), minLength: 1, maxLength: 40 }),
  uploadId: printable,
  contentLength: fc.option(fc.integer({ min: 1, max: 999_999_999_999_999 }), { nil: undefined }),
  contentType: fc.constantFrom(undefined, "video/mp4"),
  partNumber: fc.integer({ min: 1, max: 10_000 }),
  afterPart: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
  versionId: fc.oneof(fc.constant("null"), printable),
});

describe("the URLs of signed requests", () => {
  afterAll(() => {
    for (const { client } of PLACES) client.destroy();
  });

  it("are those of the SDK's getSignedUrl, character for character, in 10,000 random requests", async () => {
    const request = fc.record({
      place: fc.constantFrom(...PLACES),
      operation: fc.constantFrom(...Object.keys(OPERATIONS)),
      about,
      at: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2099, 11, 31) }),
    });
    const signed = new Set<string>();
    await fc.assert(
      fc.asyncProperty(request, async ({ place, operation, about, at }) => {
        const { ours, command } = OPERATIONS[operation] as (typeof OPERATIONS)[string];
        place.setTime(at);
        const url = await ours(place, about);
        const theirs = await getSignedUrl(
          place.client,
          command(place.Bucket, about) as Parameters<typeof getSignedUrl>[1],
          { expiresIn: LIFETIME_S, signingDate: new Date(at) },
        );
        expect(url).toBe(theirs);
        signed.add(operation);
      }),
      { numRuns: 10_000, seed: 15, endOnFailure: true },
    );
    expect([...signed].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });
});
