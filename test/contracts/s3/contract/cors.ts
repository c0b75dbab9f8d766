import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "@jest/globals";
import { ALLOWED_ORIGIN } from "../s3-server.ts";
import { newKey, type Suite } from "../suite.ts";
import { send } from "../wire.ts";

export const corsContract = ({ s3, it }: Suite): void => {
  describe("pages of other origins", () => {
    const signPut = () => s3().sign(new PutObjectCommand({ Bucket: s3().bucket, Key: newKey() }));
    const preflight = async (origin: string, method = "PUT") =>
      send("OPTIONS", await signPut(), {
        headers: {
          origin,
          "access-control-request-method": method,
          "access-control-request-headers": "content-type",
        },
      });

    it("are let in by preflight where the bucket allows them", async () => {
      for (const method of ["PUT", "POST", "GET", "DELETE"]) {
        const answer = await preflight(ALLOWED_ORIGIN, method);
        expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-origin": ALLOWED_ORIGIN } });
        expect(answer.headers["access-control-allow-methods"]).toContain(method);
        expect(answer.headers["access-control-allow-headers"]?.toLowerCase()).toContain("content-type");
      }
    });

    it("are refused by preflight otherwise", async () => {
      expect(await preflight("https://elsewhere.example")).toMatchObject({ status: 403 });
    });

    it("may read the ETag of what they have put", async () => {
      const answer = await send("PUT", await signPut(), { body: "1", headers: { origin: ALLOWED_ORIGIN } });
      expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-origin": ALLOWED_ORIGIN } });
      expect(answer.headers["access-control-expose-headers"]?.toLowerCase()).toMatch(/\betag\b/);
    });

    it("may read why they were refused", async () => {
      const url = (await signPut()).replace(/X-Amz-Signature=\w{4}/, "X-Amz-Signature=0000");
      const answer = await send("PUT", url, { body: "1", headers: { origin: ALLOWED_ORIGIN } });
      expect(answer).toMatchObject({ status: 403, headers: { "access-control-allow-origin": ALLOWED_ORIGIN } });
    });

    it("get no leave to read where the bucket does not allow them", async () => {
      const answer = await send("PUT", await signPut(), {
        body: "1",
        headers: { origin: "https://elsewhere.example" },
      });
      expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
    });
  });
};
