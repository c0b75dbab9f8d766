import { createServer } from "node:net";
import { listen } from "../stack/listen.ts";
import { SERVED } from "./options.ts";

export type Ports = Readonly<Record<(typeof SERVED)[number], number>>;

/**
 * The ports from `first` on, in the order of {@link SERVED}. One that cannot be had is given as 0, any free one, and is
 * among `taken`.
 */
export const choosePorts = async (first: number): Promise<{ readonly ports: Ports; readonly taken: number[] }> => {
  const wanted = SERVED.map((name, at) => [name, first + at] as const);
  const found = await Promise.all(
    wanted.map(async ([name, port]) => [name, (await canBeHad(port)) ? port : 0] as const),
  );
  const taken = wanted.filter((_, at) => found[at]?.[1] === 0).map(([, port]) => port);
  return { ports: Object.fromEntries(found) as Record<(typeof SERVED)[number], number>, taken };
};

const canBeHad = async (port: number): Promise<boolean> => {
  const server = createServer();
  try {
    await listen(server, port);
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
};
