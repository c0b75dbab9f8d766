import { spawn } from "node:child_process";
import { once } from "node:events";
import { startStack, type Stack } from "../../dev/stack.ts";
import type { HttpEvent } from "../../lib/http/endpoint.ts";
import { bundleProgram } from "../bundled.ts";
import type { CpuUs } from "../calls/in-turns.ts";
import type { Amount, BenchPart, Figure } from "../figure.ts";
import { simulatorOf } from "../virtual-drop.ts";

/** The CPU time of small calls, in processes of their own and beside the same by other means. */

const SIGNATURES = { full: 20_000, quick: 5_000 };
const METADATA_CALLS = { full: 1_000, quick: 300 };

/** Runs a program of `calls/`, bundled as functions are, and returns what it measured. */
const runProgram = async <Name extends string>(
  name: string,
  input: object,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CpuUs<Name>> => {
  const file = await bundleProgram(new URL(`../calls/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(input)], {
    env: { ...env, PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (chunk: Buffer) => (output[stream] += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`bench/calls/${name}.ts failed: ${output.stderr.slice(-2_000)}`);
  return JSON.parse(output.stdout) as CpuUs<Name>;
};

const measureSignatures = async ({ rounds, quick }: Amount): Promise<Figure[]> => {
  const calls = quick ? SIGNATURES.quick : SIGNATURES.full;
  const us = await runProgram<"getSignedUrl" | "ours">("signatures", { rounds, calls });
  return [
    {
      name: "signatures per CPU second",
      unit: "× getSignedUrl",
      values: us.ours.map((ours, round) => (us.getSignedUrl[round] ?? Number.NaN) / ours),
      target: { atLeast: 4 },
      gate: { atLeast: 4 },
    },
  ];
};

const measureUpdateMetadata = async ({ rounds, quick }: Amount): Promise<Figure[]> => {
  const stack = await startStack({ digest: false });
  try {
    const jobId = simulatorOf(stack).addJob();
    const query = `v=1&job_id=${jobId}&reference_id=course+7&requestor_id=alice`;
    const us = await runProgram<"socket" | "fetch" | "ours">(
      "update-metadata",
      {
        rounds,
        calls: quick ? METADATA_CALLS.quick : METADATA_CALLS.full,
        event: ownersEvent(query),
        cielo24Url: `${simulatorOf(stack).url}/api/job/update_metadata?api_token=${await logIn(stack)}&${query}`,
      },
      stack.env,
    );
    const overSocket = (name: "fetch" | "ours") =>
      us[name].map((each, round) => each - (us.socket[round] ?? Number.NaN));
    const fetchUs = overSocket("fetch");
    const oursUs = overSocket("ours");
    return [
      { name: "fetch of cielo24's update_metadata: CPU over a raw socket", unit: "µs", values: fetchUs },
      {
        name: "owner's update_metadata, warm: CPU over a raw socket",
        unit: "µs",
        values: oursUs,
        target: { atMost: 600 },
      },
      {
        name: "owner's update_metadata, warm: CPU over a raw socket",
        unit: "× fetch",
        values: oursUs.map((ours, round) => ours / (fetchUs[round] ?? Number.NaN)),
        gate: { atMost: 4 },
      },
    ];
  } finally {
    await stack.close();
  }
};

const logIn = async (stack: Stack): Promise<string> => {
  const { username, securekey } = stack.credentials;
  const response = await fetch(`${simulatorOf(stack).url}/api/account/login?v=1`, {
    headers: { "x-auth-user": username, "x-auth-securekey": securekey },
  });
  return ((await response.json()) as { ApiToken: string }).ApiToken;
};

/** What API Gateway makes of a browser's request. */
const ownersEvent = (rawQueryString: string): HttpEvent => {
  const path = "/api/job/update_metadata";
  return {
    version: "2.0",
    routeKey: `GET ${path}`,
    rawPath: path,
    rawQueryString,
    headers: { accept: "application/json", authorization: "Bearer e30.e30.e30", "user-agent": "Mozilla/5.0" },
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      authorizer: {
        principalId: "",
        integrationLatency: 0,
        jwt: { claims: { sub: "alice", scope: "metadata.write" }, scopes: ["metadata.write"] },
      },
      domainName: "api.captions.example",
      domainPrefix: "api",
      http: { method: "GET", path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "Mozilla/5.0" },
      requestId: "request-1",
      routeKey: `GET ${path}`,
      stage: "$default",
      time: "06/May/2031:07:08:09 +0000",
      timeEpoch: 1_935_817_689_000,
    },
    isBase64Encoded: false,
  };
};

/** How much CPU small calls take. */
export const calls: BenchPart = {
  name: "calls",
  missing: () => Promise.resolve(undefined),
  run: async (amount) => [...(await measureSignatures(amount)), ...(await measureUpdateMetadata(amount))],
};
