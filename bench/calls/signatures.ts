import { S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { randomBytes } from "node:crypto";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { createUploadSigner } from "../../lib/media/upload-signing.ts";
import { measureInTurns, type Turns } from "./in-turns.ts";

/** A process that signs the part of an upload: as sign-upload does, and by the SDK's `getSignedUrl`. */

const BUCKET = "captions-media";
const LIFETIME_S = 3600;
const hex = () => randomBytes(16).toString("hex");
const part = { key: `media/${hex()}/${hex()}/lecture.mp4`, uploadId: hex(), partNumber: 7 };

const options = awsClientOptions({
  region: "us-east-1",
  endpoint: undefined,
  // As long as those of a function.
  credentials: {
    accessKeyId: "ASIAEXAMPLEEXAMPLE00",
    secretAccessKey: randomBytes(30).toString("base64"),
    sessionToken: randomBytes(750).toString("base64"),
  },
});
const signer = createUploadSigner({ s3: options, bucketName: BUCKET, lifetimeS: LIFETIME_S, clock: Date.now });
const s3 = new S3Client({ ...options, requestChecksumCalculation: "WHEN_REQUIRED" });

void measureInTurns(
  {
    getSignedUrl: () => {
      const { key, uploadId, partNumber } = part;
      const command = new UploadPartCommand({ Bucket: BUCKET, Key: key, UploadId: uploadId, PartNumber: partNumber });
      return getSignedUrl(s3, command as Parameters<typeof getSignedUrl>[1], { expiresIn: LIFETIME_S });
    },
    ours: () => signer.part(part),
  },
  JSON.parse(process.argv[2] ?? "") as Turns,
).then((measured) => {
  console.log(JSON.stringify(measured));
});
