import { connect, createServer, type Server, type Socket } from "node:net";
import { listen } from "../../dev/stack/listen.ts";

/** What a chunk's way leads over. */
export interface Chunk {
  readonly upstream: string;
  /** Number of the connection, of which no two in this process have the same. */
  readonly connection: number;
  readonly direction: "up" | "down";
  readonly bytes: Buffer;
}

/** What happens to a chunk on its way. */
export type Treatment =
  | { readonly do: "pass" }
  /** The connection breaks, before or behind the chunk; which may then come later than that. */
  | { readonly do: "cut"; readonly side: "before" | "behind"; readonly lateMs: number }
  /** The chunk, and whatever follows it on its connection, comes so much later; even if its sender is gone by then. */
  | { readonly do: "hold"; readonly ms: number };

/** The network of one instance of a function: what lies between it and everything outside. */
export interface Network {
  /** Address of each upstream by its name, as the instance is to see it. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Cuts the instance off: nothing it sends from now on arrives, and it receives nothing. What is on its way arrives. */
  readonly cutOff: () => void;
  readonly close: () => Promise<void>;
}

let connections = 0;

/**
 * A TCP proxy before each upstream. It knows nothing of what it carries, so that whatever an instance says or hears can be
 * lost, late or cut at any chunk.
 *
 * @param upstreams origins (`http://127.0.0.1:1234`) by name
 * @param onChunk is asked about every chunk, in the order in which they come
 */
export const startNetwork = async (
  upstreams: Readonly<Record<string, string>>,
  onChunk: (chunk: Chunk) => Treatment,
): Promise<Network> => {
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  let isCutOff = false;

  const accept = (near: Socket, upstream: string, port: number) => {
    if (isCutOff) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    const pair = { near, far };
    pairs.add(pair);
    near.setNoDelay(true);
    const connection = (connections += 1);
    carry(near, far, (bytes) => onChunk({ upstream, connection, direction: "up", bytes }));
    carry(far, near, (bytes) => onChunk({ upstream, connection, direction: "down", bytes }));
    far.once("close", () => pairs.delete(pair));
  };

  const servers: Server[] = [];
  const addresses: Record<string, string> = {};
  for (const [name, origin] of Object.entries(upstreams)) {
    const port = Number(new URL(origin).port);
    const server = createServer({ allowHalfOpen: true }, (near) => {
      accept(near, name, port);
    });
    addresses[name] = `http://127.0.0.1:${await listen(server)}`;
    servers.push(server);
  }
  return {
    addresses,
    cutOff: () => {
      isCutOff = true;
      for (const { near } of pairs) near.resetAndDestroy();
    },
    close: async () => {
      isCutOff = true;
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

/** Carries what comes from one socket to the other, and its end in the way it ended. */
const carry = (from: Socket, to: Socket, treat: (bytes: Buffer) => Treatment): void => {
  /** Set while something is held: what follows waits behind it. */
  let held: Promise<void> | undefined;
  const inTurn = (act: () => void) => {
    if (held) held = held.then(act);
    else act();
  };
  const pass = (bytes: Buffer) => {
    if (to.destroyed || to.writableEnded) return;
    if (to.write(bytes)) return;
    from.pause();
    to.once("drain", () => from.resume());
  };
  from.on("data", (bytes: Buffer) => {
    const treatment = treat(bytes);
    const lateMs = treatment.do === "hold" ? treatment.ms : treatment.do === "cut" ? treatment.lateMs : 0;
    if (lateMs > 0) held = (held ?? Promise.resolve()).then(() => pause(lateMs));
    if (treatment.do === "cut") from.resetAndDestroy();
    inTurn(() => {
      if (treatment.do !== "cut" || treatment.side === "behind") pass(bytes);
      if (treatment.do !== "cut") return;
      // A reset would take back what has arrived but is not read yet.
      if (treatment.side === "behind") to.destroySoon();
      else to.resetAndDestroy();
    });
  });
  from.on("end", () => {
    inTurn(() => to.end());
  });
  from.on("error", () => undefined);
  from.on("close", () => {
    inTurn(() => {
      // What was written before still arrives, as it would from a wire.
      to.destroySoon();
    });
  });
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
