import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { listObjects, type ListedObject, type ListedPage } from "../../../functions/census/listing.ts";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import { useDrops } from "../../harness/drops.ts";

const ALL = () => true;
const NEVER = () => false;

interface Limits {
  matters: (object: ListedObject) => boolean;
  firstPart: number;
  isTimeUp: () => boolean;
}

/** Everything that a listing shows, and how many there are. */
const list = async (
  client: S3Client,
  bucketName: string,
  { matters = ALL, firstPart = 0, isTimeUp = NEVER }: Partial<Limits> = {},
) => {
  const objects: ListedObject[] = [];
  let count = 0;
  const visit = (page: ListedPage) => {
    objects.push(...page.objects);
    count += page.count;
    return Promise.resolve();
  };
  const isComplete = await listObjects(client, bucketName, matters, visit, firstPart, isTimeUp);
  return { isComplete, keys: objects.map(({ key }) => key).sort(), objects, count };
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
    expect(listed.isComplete).toBe(true);
    expect((await list(local.s3, bucketName, { firstPart: 95 })).keys).toEqual(listed.keys);
    const some = await list(local.s3, bucketName, { matters: ({ key }) => key === odd[3] });
    expect(some).toMatchObject({ count: listed.count, objects: [{ key: odd[3], sizeBytes: 1 }] });

    // Where the time is up after two pages, each part still comes first in some run.
    const reached: string[] = [];
    for (let firstPart = 0; firstPart < 16; firstPart += 1) {
      let pages = 0;
      const part = await list(local.s3, bucketName, { firstPart, isTimeUp: () => (pages += 1) > 1 });
      expect(part.isComplete).toBe(false);
      expect(part.count).toBeLessThan(listed.count);
      reached.push(...part.keys);
    }
    expect(new Set(reached)).toEqual(new Set(listed.keys));
  });
});

describe("a page of a listing", () => {
  let server: Server | undefined;
  let client: S3Client | undefined;
  afterEach(async () => {
    client?.destroy();
    if (server) await closeServer(server);
  });
  let asked = 0;
  /** S3 as these responses have it, piece by piece; the last one is repeated. */
  const listOf = async (...answers: string[][]) => {
    asked = 0;
    server = createServer((_request, response) => {
      const pieces = answers[Math.min(asked, answers.length - 1)] ?? [];
      asked += 1;
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
    expect((await listOf(Array.from(page))).objects).toEqual([object]);
  });

  it("is asked for again if its end is missing, and refused the third time", async () => {
    const torn = page.slice(0, -5);
    expect((await listOf([torn], [torn], [page])).objects).toEqual([object]);
    expect(asked).toBe(3);
    await closeServer(server as Server);
    await expect(listOf([torn])).rejects.toThrow("cut off");
    expect(asked).toBe(3);
  });
});
