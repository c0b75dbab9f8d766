import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

export const rangeContract = ({ s3, it }: Suite): void => {
  describe("ranges", () => {
    const getRange = async (body: string, range: string) => {
      const key = newKey();
      await s3().put(key, body);
      const url = await s3().sign(new GetObjectCommand({ Bucket: s3().bucket, Key: key }));
      const answer = await send("GET", url, { headers: { range } });
      return { ...answer, text: answer.body.toString(), contentRange: answer.headers["content-range"] };
    };

    for (const [range, text, contentRange] of [
      ["bytes=0-0", "0", "bytes 0-0/10"],
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=5-", "56789", "bytes 5-9/10"],
      ["bytes=-3", "789", "bytes 7-9/10"],
      ["bytes=9-9", "9", "bytes 9-9/10"],
      ["bytes=0-9", "0123456789", "bytes 0-9/10"],
      ["bytes=8-99", "89", "bytes 8-9/10"],
      ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ] as const)
      it(`${range} of ten bytes is a part`, async () => {
        const answer = await getRange("0123456789", range);
        expect(answer).toMatchObject({ status: 206, text, contentRange });
        expect(answer.headers["content-length"]).toBe(String(text.length));
      });

    for (const range of ["bytes=10-", "bytes=10-12", "bytes=-0"])
      it(`${range} of ten bytes cannot be satisfied`, async () => {
        expect(await getRange("0123456789", range)).toMatchObject({ status: 416, code: "InvalidRange" });
      });

    for (const range of ["bytes=5-2", "bytes=x-", "bytes=-", "lines=0-1", "bytes=0-1,4-5"])
      it(`${range} is ignored`, async () => {
        expect(await getRange("0123456789", range)).toMatchObject({ status: 200, text: "0123456789" });
      });

    it("hold for HEAD", async () => {
      const key = newKey();
      await s3().put(key, "0123456789");
      const url = await s3().sign(new HeadObjectCommand({ Bucket: s3().bucket, Key: key }));
      expect(await send("HEAD", url, { headers: { range: "bytes=2-4" } })).toMatchObject({
        status: 206,
        headers: { "content-range": "bytes 2-4/10", "content-length": "3" },
      });
    });

    it("of an empty object cannot be satisfied", async () => {
      expect(await getRange("", "bytes=0-0")).toMatchObject({ status: 416, code: "InvalidRange" });
    });
  });
};
