import { ApiGatewayV2Client, GetAuthorizersCommand, GetStageCommand } from "@aws-sdk/client-apigatewayv2";
import { resolve6 } from "node:dns/promises";
import manifest from "../../package.json" with { type: "json" };
import { randomHex } from "../../lib/runtime.ts";
import { checkIssuer } from "../../scripts/package/issuer.ts";
import { ask } from "./ask.ts";
import { DEPLOY, failed, ok, skipped, type Check, type Finding } from "./check.ts";

/** Around what Lambda takes of a body (6 MB in Base64, 4.5 MB without), and what the HTTP API does. */
const BODY_MB = [4, 4.6, 6, 9.5, 10.5];
/** Up to here add-media takes a body. */
const LARGEST_BODY_MB = 4.5;

export const API_CHECKS: readonly Check[] = [
  {
    name: "api",
    look: async ({ outputs: { HttpApiUrl } }) => {
      const { status } = await ask(`${HttpApiUrl}/health`);
      return status === 200
        ? ok(`${HttpApiUrl} answers`)
        : failed(`${HttpApiUrl}/health answers ${status}.`, "docs/operations.md#api-5xx says where to look.");
    },
  },
  {
    name: "version",
    // The local stack runs this checkout.
    isOnlyOnAws: true,
    look: async ({ name, outputs: { HttpApiUrl } }) => {
      const { Version: deployed } = (await (await ask(`${HttpApiUrl}/health`)).json()) as {
        readonly Version?: unknown;
      };
      return deployed === manifest.version
        ? ok(`${manifest.version} is deployed, as in this checkout`)
        : failed(
            `${String(deployed)} is deployed, and this checkout is ${manifest.version}.`,
            `Use the checkout of that version, or deploy this one: npm run deploy -- --stage ${name}`,
          );
    },
  },
  {
    name: "authorizer",
    look: async (stage) => {
      const { HttpApiUrl, IssuerUrl, HttpApiId } = stage.outputs;
      const { status } = await ask(`${HttpApiUrl}/api/job/delivery?v=1&job_id=${randomHex()}`);
      if (status !== 401) return failed(`A call without a token is answered with ${status}, and not with 401.`, DEPLOY);
      if (HttpApiId === undefined) return ok("calls without a token are refused");
      const client = new ApiGatewayV2Client(stage.clientOptions);
      const { Items = [] } = await client.send(new GetAuthorizersCommand({ ApiId: HttpApiId })).finally(() => {
        client.destroy();
      });
      const issuers = Items.map(({ JwtConfiguration }) => JwtConfiguration?.Issuer);
      return issuers.includes(IssuerUrl)
        ? ok(`calls without a token are refused; tokens of ${IssuerUrl} are taken`)
        : failed(`The authorizer takes the tokens of ${issuers.join(", ")}, and not of ${IssuerUrl}.`, DEPLOY);
    },
  },
  {
    name: "issuer",
    look: async ({ isLocal, outputs: { IssuerUrl } }) => {
      try {
        const doubts = await checkIssuer(IssuerUrl, { mayBeHttp: isLocal });
        return ok([`${IssuerUrl} has its discovery document and keys`, ...doubts].join(". "));
      } catch (error) {
        return failed((error as Error).message, "docs/identity-providers.md says what each provider needs.");
      }
    },
  },
  {
    name: "throttling",
    isOnlyOnAws: true,
    look: async (stage) => {
      const client = new ApiGatewayV2Client(stage.clientOptions);
      const answer = await client
        .send(new GetStageCommand({ ApiId: stage.outputs.HttpApiId, StageName: "$default" }))
        .finally(() => {
          client.destroy();
        });
      const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = answer.DefaultRouteSettings ?? {};
      if (!rate || !burst)
        return failed("The API has no limits of its own: one client can use up the account's.", DEPLOY);
      const routes = Object.keys(answer.RouteSettings ?? {});
      const others = routes.length === 0 ? "each route for itself" : `others for ${routes.join(", ")}`;
      return ok(`${rate} calls a second, ${burst} at once; ${others}`);
    },
  },
  {
    name: "ipv6",
    isOnlyOnAws: true,
    look: async ({ outputs: { HttpApiUrl } }) => {
      const host = new URL(HttpApiUrl).hostname;
      const addresses = await resolve6(host).catch(() => []);
      // Nothing needs it.
      return ok(addresses.length > 0 ? `${host} has IPv6 addresses` : `${host} has IPv4 addresses only`);
    },
  },
  {
    name: "bodies",
    isDeep: true,
    isOnlyOnAws: true,
    look: async ({ outputs: { HttpApiUrl } }, { env }) => {
      const token = env["CIELO24_PROXY_TOKEN"];
      if (!token) return skipped("it needs a token with media.write: set CIELO24_PROXY_TOKEN");
      const statuses: (readonly [sizeMb: number, status: number])[] = [];
      for (const sizeMb of BODY_MB) {
        // cielo24 does not know the job, so nothing is delivered.
        const url = `${HttpApiUrl}/api/job/add_media?v=1&job_id=${randomHex()}`;
        const headers = { authorization: `Bearer ${token}`, "content-type": "video/mp4" };
        const { status } = await ask(url, { method: "POST", headers, body: Buffer.alloc(sizeMb * 1e6, 1) });
        statuses.push([sizeMb, status]);
      }
      return judgeBodies(statuses);
    },
  },
];

/** Whether bodies are refused where they are too large, and not before. */
export const judgeBodies = (statuses: readonly (readonly [sizeMb: number, status: number])[]): Finding => {
  const measured = statuses.map(([sizeMb, status]) => `${sizeMb} MB: ${status}`).join(", ");
  if (statuses.some(([, status]) => status === 401 || status === 403))
    return skipped(`the token is not taken, or has no media.write (${measured})`);
  const isRight = statuses.every(([sizeMb, status]) => (status === 413) === sizeMb > LARGEST_BODY_MB);
  return isRight
    ? ok(measured)
    : failed(
        `${measured}. From ${LARGEST_BODY_MB} MB on, 413 is expected: clients take it for "upload the file instead".`,
        "Report it to this project: docs/local-gateway.md assumes it.",
      );
};
