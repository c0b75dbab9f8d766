import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { listObjects, type ListedObject } from "../../../functions/census/listing.ts";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import { useDrops } from "../../harness/drops.ts";

const ALL = () => true;

/** Everything that a listing shows, and how many there are. */
const list = async (client: S3Client, bucketName: string, matters: (object: ListedObject) => boolean = ALL) => {
  const objects: ListedObject[] = [];
  let count = 0;
  await listObjects(client, bucketName, matters, (page) => {
    objects.push(...page.objects);
    count += page.count;
    return Promise.resolve();
  });
  return { keys: objects.map(({ key }) => key).sort(), objects, count };
};

describe("a listing of the bucket", () => {
  const local = useDrops();

  it("shows every current version once, whatever part of the bucket it is in, and no other", async () => {
    const { s3, bucketName } = local.stack;
    const put = (key: string) => s3.putVirtualObject(bucketName, key, 1, 1);
    const jobs = Array.from({ length: 2_100 }, (_, number) => (number * 2_045_222).toString(16).padStart(8, "0"));
    const keys = jobs.map((start) => `media/${start.padEnd(32, "0")}/a.mp4`);
    // At the ends of the parts, in capitals, and such as XML does not carry.
    const odd = [
      "media/1",
      "media/a",
      "media/f",
      `media/${"A".repeat(32)}/b.mp4`,
      "media/zz",
      "media/\u0001 +&<ü😀>'\"%2F",
    ];
    for (const key of [...keys, ...odd]) put(key);
    for (const key of keys.slice(0, 5)) put(key);
    put("elsewhere/a.mp4");
    const listed = await list(local.s3, bucketName);
    expect(listed.keys).toEqual([...keys, ...odd].sort());
    expect(listed.count).toBe(keys.length + odd.length);
    const some = await list(local.s3, bucketName, ({ key }) => key === odd[3]);
    expect(some).toMatchObject({ count: listed.count, objects: [{ key: odd[3], sizeBytes: 1 }] });
  });
});

describe("a page of a listing", () => {
  let server: Server | undefined;
  let client: S3Client | undefined;
  afterEach(async () => {
    client?.destroy();
    if (server) await closeServer(server);
  });
  /** S3 as these pieces of a response have it. */
  const listOf = async (...pieces: string[]) => {
    server = createServer((_request, response) => {
      void (async () => {
        for (const piece of pieces) {
          response.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      })();
    });
    const endpoint = `http://127.0.0.1:${await listen(server)}`;
    const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "secret" };
    client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true, maxAttempts: 1 });
    return list(client, "b");
  };
  const page = `<?xml version="1.0"?><ListVersionsResult><IsTruncated>false</IsTruncated>
<DeleteMarker><Key>media/gone</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest></DeleteMarker>
<Version><Key>media/a%2Bb+c%C3%BC</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-29T12:00:00.000Z</LastModified><Size>7</Size></Version>
<Version><Key>media/a%2Bb+c%C3%BC</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><LastModified>2026-11-29T11:00:00.000Z</LastModified><Size>8</Size></Version>
</ListVersionsResult>`;
  const object = {
    key: "media/a+b cü",
    versionId: "null",
    sizeBytes: 7,
    writtenAt: Date.parse("2026-11-29T12:00:00.000Z"),
  };

  it("is the same however it is cut", async () => {
    expect((await listOf(...Array.from(page))).objects).toEqual([object]);
  });

  it("is refused if its end is missing", async () => {
    await expect(listOf(page.slice(0, -5))).rejects.toThrow("cut off");
  });
});
