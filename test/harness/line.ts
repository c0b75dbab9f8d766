import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../dev/stack/listen.ts";

/** How a line is while nothing is wrong with it. */
export interface Quality {
  /** How long anything is on its way, in each direction. A new connection costs a round trip. By default, 0. */
  readonly latencyMs?: number;
  /** What each connection carries at most, in each direction. By default, there is no limit. */
  readonly bytesPerSecond?: number;
}

/** A connection that leads over the line. */
export interface Connection {
  /** Name of the upstream. */
  readonly upstream: string;
  /** What it has carried to the upstream. */
  readonly upBytes: () => number;
  /** From now on nothing passes, in either direction and for good; neither side learns of it. */
  readonly freeze: () => void;
}

/** Clients' network: what lies between them and the servers they call. */
export interface Line {
  /** Address of each upstream by its name, as clients are to see it. */
  readonly addresses: Readonly<Record<string, string>>;
  /** The connections that are open, the oldest first. */
  readonly connections: () => readonly Connection[];
  /** What all connections so far have carried to an upstream. */
  readonly upBytes: (upstream: string) => number;
  /** Nothing passes until `comeBack`, and nothing is refused: new connections hang, too. Old ones go on afterwards. */
  readonly goDark: () => void;
  /** Resets all connections, and new ones until `comeBack`. */
  readonly refuse: () => void;
  readonly comeBack: () => void;
  /** Freezes the connections that are open. With `goDark`, this is a device that comes back with another address. */
  readonly freeze: () => void;
  /**
   * From now on there is a box on the way that takes whatever clients send, at once, and passes on so much of each
   * connection; even if the client is gone by then.
   */
  readonly swallow: (bytesPerSecond: number) => void;
  readonly close: () => Promise<void>;
}

/** How much a connection takes that the other side does not read. (The system's own buffers come on top of that.) */
const WINDOW_BYTES = 256 * 1024;
/** What an unlimited connection keeps on its way is as much as one of this rate. */
const FASTEST_BYTES_PER_SECOND = 100_000_000;
/** A limited connection passes its bytes on in pieces of so much time, so that they come evenly. */
const PIECE_S = 0.02;
const PIECE_BYTES = 1460;

/**
 * A TCP front for each upstream, with a latency, a rate and troubles that are switched on and off while it runs. It knows
 * nothing of what it carries. Slow start is left out: a connection has its whole rate at once.
 *
 * @param upstreams origins (`http://127.0.0.1:1234`) by name
 */
export const startLine = async (
  upstreams: Readonly<Record<string, string>>,
  { latencyMs = 0, bytesPerSecond = Infinity }: Quality = {},
): Promise<Line> => {
  const open = new Set<Carried>();
  const upBytes = new Map<string, number>();
  let light = switchedOn();
  let isRefusing = false;
  let swallowedPerSecond: number | undefined;

  const accept = (near: Socket, upstream: string, port: number): void => {
    if (isRefusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    let isFrozen = false;
    let carried = 0;
    const way = {
      latencyMs,
      bytesPerSecond: swallowedPerSecond ?? bytesPerSecond,
      windowBytes: swallowedPerSecond === undefined ? WINDOW_BYTES : Infinity,
      passable: async () => {
        await light.isOn;
        if (isFrozen) await NEVER;
      },
    };
    const connection: Carried = {
      upstream,
      upBytes: () => carried,
      freeze: () => {
        isFrozen = true;
      },
      near,
      far,
    };
    open.add(connection);
    carry(near, far, {
      ...way,
      // The handshake takes a round trip before anything is sent.
      startsInMs: 2 * latencyMs,
      onCarried: (bytes) => {
        carried += bytes;
        upBytes.set(upstream, (upBytes.get(upstream) ?? 0) + bytes);
      },
    });
    carry(far, near, way);
    far.once("close", () => open.delete(connection));
  };

  const servers = await Promise.all(
    Object.entries(upstreams).map(async ([name, origin]) => {
      const port = Number(new URL(origin).port);
      const server = createServer({ allowHalfOpen: true }, (near) => {
        accept(near, name, port);
      });
      return { name, server, address: `http://127.0.0.1:${await listen(server)}` };
    }),
  );

  return {
    addresses: Object.fromEntries(servers.map(({ name, address }) => [name, address])),
    connections: () => [...open],
    upBytes: (upstream) => upBytes.get(upstream) ?? 0,
    goDark: () => {
      if (!light.isDark) light = switchedOff();
    },
    refuse: () => {
      isRefusing = true;
      for (const { near, far } of open) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
    },
    comeBack: () => {
      isRefusing = false;
      light.switchOn();
      light = switchedOn();
    },
    freeze: () => {
      for (const connection of open) connection.freeze();
    },
    swallow: (perSecond) => {
      swallowedPerSecond = perSecond;
    },
    close: async () => {
      isRefusing = true;
      for (const { near, far } of open) {
        near.destroy();
        far.destroy();
      }
      await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

interface Carried extends Connection {
  readonly near: Socket;
  readonly far: Socket;
}

interface Light {
  readonly isDark: boolean;
  readonly isOn: Promise<void>;
  readonly switchOn: () => void;
}

const switchedOn = (): Light => ({ isDark: false, isOn: Promise.resolve(), switchOn: () => undefined });

const switchedOff = (): Light => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return {
    isDark: true,
    isOn: promise,
    switchOn: () => {
      resolve(undefined);
    },
  };
};

const NEVER = new Promise<never>(() => undefined);

interface Way {
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
  /** How much is taken from the sender before it has been passed on. */
  readonly windowBytes: number;
  readonly startsInMs?: number;
  /** Resolves once something can pass. */
  readonly passable: () => Promise<void>;
  readonly onCarried?: (bytes: number) => void;
}

/** Carries what comes from one socket to the other, and its end in the way it ended. */
const carry = (from: Socket, to: Socket, way: Way): void => {
  const { latencyMs, bytesPerSecond, passable, onCarried, startsInMs = 0 } = way;
  const windowBytes = way.windowBytes + Math.min(bytesPerSecond, FASTEST_BYTES_PER_SECOND) * (latencyMs / 1000);
  /** When what was sent last has left the sender, by the rate. */
  let leftAt = performance.now() + startsInMs;
  let leaving = Promise.resolve(leftAt);
  let arriving = Promise.resolve();
  let takenBytes = 0;

  const leave = async (bytes: number): Promise<number> => {
    await passable();
    leftAt = Math.max(performance.now(), leftAt) + (bytes / bytesPerSecond) * 1000;
    await pauseUntil(leftAt);
    return leftAt;
  };
  const write = async (bytes: Buffer): Promise<void> => {
    if (to.destroyed || to.writableEnded) return;
    onCarried?.(bytes.length);
    if (!to.write(bytes))
      await new Promise<void>((resolve) => {
        to.once("drain", resolve).once("close", resolve);
      });
  };
  /** Everything arrives in the order in which it left. */
  const send = (bytes: number, arrive: () => void | Promise<void>): void => {
    leaving = leaving.then(() => leave(bytes));
    const left = leaving;
    arriving = arriving.then(async () => {
      await pauseUntil((await left) + latencyMs);
      await passable();
      await arrive();
    });
  };

  const pieceBytes = Number.isFinite(bytesPerSecond)
    ? Math.max(PIECE_BYTES, Math.floor(bytesPerSecond * PIECE_S))
    : Infinity;
  from.on("data", (chunk: Buffer) => {
    takenBytes += chunk.length;
    for (let start = 0; start < chunk.length; start += pieceBytes) {
      const piece = chunk.subarray(start, start + pieceBytes);
      send(piece.length, async () => {
        await write(piece);
        takenBytes -= piece.length;
        if (takenBytes < windowBytes) from.resume();
      });
    }
    if (takenBytes >= windowBytes) from.pause();
  });
  from.on("end", () => {
    send(0, () => void to.end());
  });
  from.on("error", () => {
    send(0, () => void to.resetAndDestroy());
  });
  from.on("close", () => {
    send(0, () => {
      // What was written before still arrives, as it would from a wire.
      to.destroySoon();
    });
  });
};

const pauseUntil = (at: number): Promise<void> | undefined => {
  const ms = at - performance.now();
  if (ms <= 0) return undefined;
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
};
