import { SQSClient } from "@aws-sdk/client-sqs";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import { startCielo24, type Cielo24Simulator } from "../../dev/cielo24/server.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { startElasticMq } from "../contracts/start-elasticmq.ts";
import { startExternalServer } from "../contracts/external-server.ts";
import { selfSigned } from "../lib/media/self-signed.ts";
import type { Template } from "../template/cloudformation.ts";

export const REGION = "us-east-1";
const CREDENTIALS = { accessKeyId: "AKIDTEST", secretAccessKey: "secret" };

export interface Stack {
  readonly isProtected: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  /** Ids by logical names; empty where a resource has none. */
  readonly resources: Readonly<Record<string, string>>;
  readonly template: Template;
}

/** What the account holds: the stacks by their names, and the ids of what is there by CloudFormation's types. */
export interface Inventory {
  readonly stacks: Readonly<Record<string, Stack>>;
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** By the id of an HTTP API and a route: the name of the function that the route calls. */
  readonly routes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An account of AWS, by moto and ElasticMQ, and the two servers outside that a stage needs: an issuer, and cielo24. */
export interface Account {
  /** For the clients of moto's services. */
  readonly clientConfig: { endpoint: string; region: string; credentials: typeof CREDENTIALS; forcePathStyle: true };
  /** ElasticMQ, which has the queues that are deployed. */
  readonly queues: SQSClient;
  readonly takeInventory: () => Promise<Inventory>;
  readonly issuerUrl: string;
  readonly cielo24: Cielo24Simulator;
  /** The variables of whoever deploys, and of functions: where AWS is, credentials, and whom to trust. */
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export const CIELO24_ACCOUNT = { username: "captions", securekey: "a-secure-key", password: "a-password" };

/**
 * @param folder for the certificate
 * @param tools what `scripts/moto.sh` and `scripts/elasticmq.sh` printed
 */
export const startAccount = async (
  folder: string,
  tools: { readonly moto: string; readonly elasticMq: string },
): Promise<Account> => {
  const python = join(dirname(tools.moto), "python");
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const tls = selfSigned();
  const certificate = join(folder, "certificate.pem");
  await writeFile(certificate, tls.cert);

  // Where one does not start, those before it are closed.
  await using starting = new AsyncDisposableStack();
  const closing = <T extends { readonly close: () => Promise<void> }>(server: T): T =>
    starting.adopt(server, ({ close }) => close());
  const issuer = closing(await startIssuer(tls));
  const cielo24 = closing(await startCielo24({ tls, accounts: [CIELO24_ACCOUNT] }));
  const elasticMq = closing(await startElasticMq(tools.elasticMq));
  const moto = closing(
    await startExternalServer("moto", python, (port) => [
      here("more_cloudformation.py"),
      String(port),
      elasticMq.endpoint,
    ]),
  );

  const common = { region: REGION, credentials: CREDENTIALS };
  const queues = starting.adopt(new SQSClient({ ...common, endpoint: elasticMq.endpoint }), (client) => {
    client.destroy();
  });
  const started = starting.move();
  return {
    clientConfig: { ...common, endpoint: moto.endpoint, forcePathStyle: true },
    queues,
    takeInventory: async () => {
      const { stdout } = await promisify(execFile)(python, [here("inventory.py"), moto.endpoint], {
        maxBuffer: 64 * 1024 * 1024,
      });
      return JSON.parse(stdout) as Inventory;
    },
    issuerUrl: issuer.url,
    cielo24,
    env: {
      AWS_ENDPOINT_URL: moto.endpoint,
      ...Object.fromEntries(
        ["S3", "DYNAMODB", "EVENTBRIDGE", "SECRETS_MANAGER"].map((name) => [`AWS_ENDPOINT_URL_${name}`, moto.endpoint]),
      ),
      AWS_ENDPOINT_URL_SQS: elasticMq.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      NODE_EXTRA_CA_CERTS: certificate,
    },
    close: () => started.disposeAsync(),
  };
};

/** As much of an OpenID provider as a deployment asks for. */
const startIssuer = async (tls: { readonly key: string; readonly cert: string }) => {
  const { publicKey } = await generateKeyPair("RS256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one" }];
  let url = "";
  const server = createServer(tls, ({ url: path }, response) => {
    const answer = path === "/keys" ? { keys } : { issuer: url, jwks_uri: `${url}/keys` };
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  url = `https://127.0.0.1:${await listen(server)}`;
  return {
    url,
    close: () => closeServer(server),
  };
};
