import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { SQSEvent } from "aws-lambda";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack, type Stack } from "../../dev/stack.ts";
import { makeRecord } from "../../dev/stack/event-source.ts";
import { selfSigned } from "../../test/lib/media/self-signed.ts";
import { simulatorOf } from "../virtual-drop.ts";
import { startFront, type Exchange, type Front } from "./front.ts";
import { startWire, type Wire } from "./wire.ts";

/** The services that a delivery calls: round trip to each, and the time until it responds. */
const SERVICES = {
  dynamodb: { rttMs: 1, serviceMs: 4 },
  s3: { rttMs: 1, serviceMs: 24 },
  sqs: { rttMs: 1, serviceMs: 7 },
  eventbridge: { rttMs: 1, serviceMs: 14 },
  secretsmanager: { rttMs: 1, serviceMs: 14 },
  cielo24: { rttMs: 70, serviceMs: 0 },
} as const;

/** A service that a delivery calls. */
export type Service = keyof typeof SERVICES;

/** A request as the process under test saw it (times of `performance.now`). */
export interface Request extends Exchange {
  readonly service: Service;
}

/** A file that was dropped for a job, and the message that says so. */
export interface Drop {
  readonly jobId: string;
  readonly event: SQSEvent;
}

/** The local stack behind the network that Lambda has to AWS and to cielo24. */
export interface Site {
  /** What a function's process gets as its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Drops 1 MiB of media for a new job. */
  readonly drop: () => Promise<Drop>;
  /** Requests since the last call, in the order in which they were sent, and how many connections were opened. */
  readonly take: () => { readonly requests: readonly Request[]; readonly opened: number };
  /** Whether cielo24 took the media of the job, byte for byte. */
  readonly tookWhole: (jobId: string) => boolean;
  readonly close: () => Promise<void>;
}

const MIB = 1024 * 1024;
const SAMPLE = new URL("../../test/media/moov-first.mp4", import.meta.url);

/** Starts the stack, and a front behind a wire for each service. */
export const startSite = async (): Promise<Site> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-latency-"));
  const certificate = selfSigned();
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, certificate.cert);
  const stack = await startStack({ polls: false });
  // S3 sends a test event when its notifications are configured.
  stack.queue.purge();
  const s3 = new S3Client(stack.s3ClientConfig);
  const media = await makeMedia();
  const digest = createHash("sha256").update(media).digest("hex");

  const aws = portOf(stack.queueUrl);
  const upstreams: Record<Service, number> = {
    dynamodb: aws,
    s3: portOf(stack.s3.url),
    sqs: aws,
    eventbridge: aws,
    secretsmanager: aws,
    cielo24: portOf(simulatorOf(stack).url),
  };
  const ways = await Promise.all(
    (Object.keys(SERVICES) as Service[]).map(async (service) => {
      const { rttMs, serviceMs } = SERVICES[service];
      const front = await startFront(upstreams[service], {
        serviceMs,
        ...(service === "cielo24" ? { tls: certificate } : {}),
      });
      return { service, rttMs, front, wire: await startWire(front.port, { rttMs }) };
    }),
  );
  const portTo = (service: Service) => ways.find((way) => way.service === service)?.wire.port ?? 0;

  return {
    env: { ...stack.env, ...environmentOf(stack, portTo), NODE_EXTRA_CA_CERTS: caFile },
    drop: async () => {
      const jobId = simulatorOf(stack).addJob();
      const key = `media/${jobId}/${randomBytes(16).toString("hex")}/film.mp4`;
      await s3.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: key, Body: media }));
      const [message] = stack.queue.receive(1);
      if (!message) throw new Error("S3 sent no event");
      return {
        jobId,
        event: { Records: [makeRecord(message, { queueArn: "arn:aws:sqs:bench", region: "us-east-1" })] },
      };
    },
    take: () => {
      const taken = ways.map(({ service, rttMs, front }) => ({ service, rttMs, ...front.take() }));
      return {
        requests: taken
          .flatMap(({ service, rttMs, exchanges }) => exchanges.map((each) => asSent({ ...each, service }, rttMs / 2)))
          .sort((one, other) => one.requestedAt - other.requestedAt),
        opened: taken.reduce((sum, { opened }) => sum + opened, 0),
      };
    },
    tookWhole: (jobId) => simulatorOf(stack).acceptances.some((each) => each.jobId === jobId && each.sha256 === digest),
    close: async () => {
      s3.destroy();
      await Promise.all(ways.map(({ wire, front }) => closeWay(wire, front)));
      await stack.close();
      await rm(folder, { recursive: true });
    },
  };
};

const closeWay = async (wire: Wire, front: Front): Promise<void> => {
  await wire.close();
  await front.close();
};

/** A film of two seconds with its index first, filled up to 1 MiB by a box that players skip. */
const makeMedia = async (): Promise<Buffer> => {
  const film = await readFile(SAMPLE);
  const filler = Buffer.alloc(MIB - film.length);
  filler.writeUInt32BE(filler.length, 0);
  filler.write("free", 4);
  return Buffer.concat([film, filler]);
};

const portOf = (url: string): number => Number(new URL(url).port);

const environmentOf = (stack: Stack, portTo: (service: Service) => number): Record<string, string> => ({
  AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${portTo("dynamodb")}`,
  AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${portTo("s3")}`,
  AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${portTo("sqs")}`,
  AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${portTo("eventbridge")}`,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${portTo("secretsmanager")}`,
  QUEUE_URL: stack.queueUrl.replace(/:\d+/, `:${portTo("sqs")}`),
  DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl.replace(/:\d+/, `:${portTo("sqs")}`),
  CIELO24_BASE_URL: `https://127.0.0.1:${portTo("cielo24")}`,
});

/** What arrives at the server was sent half a round trip before, and its response arrives half a round trip later. */
const asSent = (request: Request, halfMs: number): Request => ({
  ...request,
  requestedAt: request.requestedAt - halfMs,
  requestEndedAt: request.requestEndedAt - halfMs,
  respondedAt: request.respondedAt === undefined ? undefined : request.respondedAt + halfMs,
});
