import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { writeFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { checkBeforeDeploying, finishDeployment } from "../../scripts/package/deploy.ts";
import { useFolder } from "../harness/folder.ts";

/** Answers DynamoDB's two calls as it does, and keeps what it was asked. */
let dynamoDb: Server;
let table: { DeletionProtectionEnabled: boolean } | undefined;
let asked: { operation: string; input: unknown; region: string; accessKeyId: string }[];
const environment = { ...process.env };

beforeEach(async () => {
  table = { DeletionProtectionEnabled: false };
  asked = [];
  dynamoDb = createServer((request, response) => {
    void json(request).then((input) => {
      const operation = String(request.headers["x-amz-target"]).replace("DynamoDB_20120810.", "");
      const [, accessKeyId = "", region = ""] =
        /Credential=(\w+)\/\d+\/([\w-]+)\//.exec(request.headers.authorization ?? "") ?? [];
      asked.push({ operation, input, region, accessKeyId });
      response.setHeader("content-type", "application/x-amz-json-1.0");
      if (table) {
        if (operation === "UpdateTable") table = input as typeof table;
        response.end(JSON.stringify({ [operation === "UpdateTable" ? "TableDescription" : "Table"]: table }));
      } else
        response.writeHead(400).end(
          JSON.stringify({
            __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
            message: "Requested resource not found",
          }),
        );
    });
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${await listen(dynamoDb)}`,
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
});
afterEach(async () => {
  process.env = { ...environment };
  await closeServer(dynamoDb);
});

const deployment = { stage: "dev", params: {}, region: "eu-west-1", profile: undefined };
const TableName = "cielo24-proxy-dev-deliveries";

describe("once a stage is deployed", () => {
  it("its table is protected from deletion", async () => {
    await expect(finishDeployment(deployment)).resolves.toEqual([
      `The table ${TableName} is now protected from deletion.`,
    ]);
    expect(asked).toMatchObject([
      { operation: "DescribeTable", input: { TableName }, region: "eu-west-1" },
      { operation: "UpdateTable", input: { TableName, DeletionProtectionEnabled: true }, region: "eu-west-1" },
    ]);
  });

  it("a table that is protected already is left alone", async () => {
    await finishDeployment(deployment);
    await expect(finishDeployment(deployment)).resolves.toEqual([
      `The table ${TableName} is still protected from deletion.`,
    ]);
    expect(asked.map(({ operation }) => operation)).toEqual(["DescribeTable", "UpdateTable", "DescribeTable"]);
  });

  it("what failed is told, that the stage is there all the same, and the one command that is left", async () => {
    table = undefined;
    await expect(finishDeployment(deployment)).rejects.toThrow(
      "The stage is deployed and works, but its table is not protected from deletion " +
        "(ResourceNotFoundException: Requested resource not found).\n" +
        "Deploy again, or run:\n" +
        `  aws dynamodb update-table --region eu-west-1 --table-name ${TableName} --deletion-protection-enabled`,
    );
  });
});

describe("a deployment", () => {
  const folder = useFolder();

  it("is finished with the profile that the framework gets", async () => {
    await writeFile(
      folder.file("credentials"),
      "[operator]\naws_access_key_id = AKIDOPERATOR\naws_secret_access_key = secret\n",
    );
    await finishDeployment(deployment);
    Reflect.deleteProperty(process.env, "AWS_ACCESS_KEY_ID");
    process.env["AWS_SHARED_CREDENTIALS_FILE"] = folder.file("credentials");
    await finishDeployment({ ...deployment, profile: "operator" });
    expect(asked.map(({ accessKeyId }) => accessKeyId)).toEqual(["AKIDTEST", "AKIDTEST", "AKIDOPERATOR"]);
  });

  it("with a user pool of its own asks no issuer: there is none yet", async () => {
    // Nobody tells how many functions the account may run, which is a doubt and no fault.
    process.env["AWS_ENDPOINT_URL_LAMBDA"] = "http://127.0.0.1:1";
    const params = { identityProvider: "cognito", issuerUrl: "https://127.0.0.1:1/" };
    await expect(checkBeforeDeploying({ ...deployment, params })).resolves.not.toContainEqual(
      expect.stringContaining("issuer"),
    );
    await expect(
      checkBeforeDeploying({ ...deployment, params: { ...params, identityProvider: "existing" } }),
    ).rejects.toThrow("cannot be read");
  });
});
