import { createHash, randomBytes } from "node:crypto";
import { startCielo24, type Cielo24Options, type Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { createCielo24 } from "../../../lib/cielo24/client.ts";
import { parseSecret } from "../../../lib/cielo24/credentials.ts";
import type { Cielo24, MediaResult } from "../../../lib/cielo24/api.ts";
import type { MediaBody } from "../../../lib/media/body.ts";

/** An account at a simulated cielo24, and the client of it. */
export const startAccount = async (
  options: Omit<Cielo24Options, "accounts"> & { secret?: () => Promise<string>; baseUrl?: string } = {},
) => {
  const account = { username: "account", securekey: randomBytes(16).toString("hex"), password: "pass word & more" };
  const simulator: Cielo24Simulator = await startCielo24({ ...options, accounts: [account] });
  const secret = () =>
    options.secret?.() ?? Promise.resolve(JSON.stringify({ username: account.username, securekey: account.securekey }));
  let secretReads = 0;
  const cielo24: Cielo24 = createCielo24({
    baseUrl: options.baseUrl ?? simulator.url,
    readCredentials: async () => {
      secretReads += 1;
      return parseSecret(await secret());
    },
    clock: options.clock ?? Date.now,
  });
  return { account, simulator, cielo24, secretReads: () => secretReads };
};

export const within = (ms: number) => ({ deadline: Date.now() + ms });
export const transferLimits = { idleTimeoutMs: 2_000 };

/** A body that gives these bytes in pieces, and tells whether it was closed. */
export const bodyOf = (bytes: Uint8Array, pieceBytes = 64 * 1024, declaredBytes = bytes.byteLength) => {
  const state = { isClosed: false, givenBytes: 0 };
  const body: MediaBody = {
    sizeBytes: declaredBytes,
    // eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory stand for a stream
    read: async function* () {
      // One buffer for all pieces, as a reader that recycles its buffers has.
      const buffer = Buffer.alloc(pieceBytes);
      try {
        for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
          const piece = bytes.subarray(at, at + pieceBytes);
          buffer.set(piece);
          state.givenBytes += piece.byteLength;
          yield buffer.subarray(0, piece.byteLength);
          buffer.fill(0);
        }
      } finally {
        state.isClosed = true;
      }
    },
  };
  return { body, state };
};

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const codeOf = (answer: "held" | MediaResult): string =>
  answer === "held" ? "held" : "error" in answer ? answer.error.code : "accepted";
