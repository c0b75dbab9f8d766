import { beforeAll, expect, it } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { curlSamples } from "../../dev/docs-page/curl-samples.ts";
import { createClient } from "../../client/index.ts";
import { useFolder } from "../harness/folder.ts";
import { describeWith, runProgram } from "../harness/programs.ts";
import { useStack } from "../harness/stack.ts";
import { operations } from "./description.ts";

const PART_BYTES = 5 * 1024 * 1024;
const samples = operations.flatMap((operation) =>
  curlSamples(operation.method, operation.path, operation).map((sample) => ({ ...sample, operation })),
);

describeWith("curl")("the commands on the page of the API", () => {
  const local = useStack({ fetchMedia: () => Promise.resolve(Buffer.from("media")) });
  const folder = useFolder();
  let token: string;
  beforeAll(async () => {
    await writeFile(folder.file("small.mp4"), "m\0dia");
    token = await local.stack.token({ sub: "alice", scope: "media.write media.read metadata.write" });
  });

  it("are there for each operation", () => {
    for (const { operationId } of operations)
      expect(samples.map(({ operation }) => operation.operationId)).toContain(operationId);
  });

  it("hold neither tokens nor ids", () => {
    for (const { source, operation } of samples) {
      expect(source).not.toMatch(/[0-9a-f]{32}|eyJ/);
      expect(source.includes("Bearer $TOKEN")).toBe(operation.security.length > 0);
    }
  });

  /** What the variables of the samples stand for: a job, and an upload in parts that has been begun for it. */
  const variables = async (): Promise<Record<string, string>> => {
    const jobId = local.newJob();
    const { signUpload } = createClient({ baseUrl: local.stack.apiUrl, token });
    const { url, key } = await signUpload({ jobId, method: "POST", contentLength: PART_BYTES });
    const xml = await (await fetch(url, { method: "POST" })).text();
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(xml)?.[1] ?? "";
    return { API: local.stack.apiUrl, TOKEN: token, JOB: jobId, KEY: key, UPLOAD_ID: uploadId };
  };

  const forClients = samples.filter(({ source }) => !source.includes("$CAPABILITY"));
  it.each(forClients.map((sample) => ({ ...sample, route: sample.operation.routeKey })))(
    "work: $route, $label",
    async ({ source, operation }) => {
      const env = await variables();
      const printed = await runProgram("/bin/bash", ["--norc", "-euc", source], { env, cwd: folder.path });
      const answered = JSON.parse(printed) as object;
      const [required] = Object.keys(
        operation.responses["200"]?.content?.["application/json"]?.schema.properties ?? {},
      );
      expect(answered).toHaveProperty(required ?? "");
    },
  );
});
