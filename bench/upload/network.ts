import { createServer } from "node:net";
import { startStack, type Stack } from "../../dev/stack.ts";
import { listen } from "../../dev/stack/listen.ts";
import { startLine, type Quality } from "../../test/harness/line.ts";

/** A stack that clients reach over a line, the API and the bucket alike. It delivers nothing. */
export interface Network {
  /** As clients see it. */
  readonly stack: Stack;
  /** The bucket's address, as clients see it. */
  readonly storeUrl: string;
  /** When the first object was complete (as of `performance.now`). */
  readonly objectAt: Promise<number>;
  readonly close: () => Promise<void>;
}

/** URLs are signed for the line's end, so both the line and the stack must know the other's port before they start. */
const findPort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export const startNetwork = async (quality: Quality, sizeBytes: number): Promise<Network> => {
  const ports = { gateway: await findPort(), s3: await findPort() };
  const line = await startLine(
    { api: `http://127.0.0.1:${ports.gateway}`, store: `http://127.0.0.1:${ports.s3}` },
    quality,
  );
  const { api: apiUrl = "", store: storeUrl = "" } = line.addresses;
  // Deliveries would take the processor from the uploads.
  const stack = await startStack({ ports, env: { AWS_ENDPOINT_URL_S3: storeUrl }, polls: false });
  const complete = Promise.withResolvers<number>();
  stack.s3.onObjectCreated(({ Records: [record] }) => {
    if (record?.s3.object.size === sizeBytes) complete.resolve(performance.now());
    else complete.reject(new Error(`${String(record?.s3.object.size)} bytes came instead of ${sizeBytes}`));
  });
  return {
    stack: { ...stack, apiUrl },
    storeUrl,
    objectAt: complete.promise,
    close: async () => {
      await line.close();
      await stack.close();
    },
  };
};
