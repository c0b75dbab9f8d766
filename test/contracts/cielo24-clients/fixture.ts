import { readFile } from "node:fs/promises";
import { connect } from "node:net";

/** What an application hands to a client, and what differs from run to run. */
export interface Filled {
  readonly host: string;
  readonly job_id: string;
  readonly token?: string;
  readonly api_token?: string;
}

/** The file that `{media}` stands for; it begins as MP4 does, and is no text. */
export const MEDIA = Buffer.from("00000018667479706d703432ff0d0a00", "hex");

/**
 * The bytes of a request of one of cielo24's clients, from `<client>/<call>.http`: a line for a line, with names in
 * braces for what differs. `{length}` is that of the body.
 *
 * They are written down as the unchanged clients sent them: `python` and `javascript` are cielo24-python and cielo24-js
 * 1.0.0, which OpenAPI Generator 6.0 made of cielo24's description; `before` is PyPI's cielo24 1.0.15. Neither of the
 * first two has update_metadata: those requests are what they make of a JSON body and of a query elsewhere.
 */
export const fillRequest = async (
  name: string,
  filled: Filled,
  moreHeaders: readonly string[] = [],
): Promise<Buffer> => {
  const text = await readFile(new URL(`${name}.http`, import.meta.url), "utf8");
  const end = text.indexOf("\n\n");
  const body = fillBody(text.slice(end + 2).trimEnd(), filled);
  const head = fill(text.slice(0, end), { ...filled, length: String(body.length) });
  const lines = [...head.split("\n"), ...moreHeaders, "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n")), body]);
};

const fillBody = (text: string, filled: Filled): Buffer =>
  text === "{media}" ? MEDIA : Buffer.from(fill(text, { ...filled }));

const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_name, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The request needs ${name}`);
    return value;
  });

export interface RawAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends these bytes and no others, and reads the answer from the same socket. */
export const sendBytes = async (apiUrl: string, bytes: Buffer): Promise<RawAnswer> => {
  const { hostname, port } = new URL(apiUrl);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  try {
    let answer = "";
    for await (const chunk of socket.setEncoding("latin1")) {
      answer += chunk as string;
      const [head = "", body] = answer.split("\r\n\r\n", 2);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (body === undefined || body.length < Number(length)) continue;
      const json: unknown = JSON.parse(Buffer.from(body, "latin1").toString("utf8"));
      return { status: Number(head.split(" ", 2)[1]), body: json as RawAnswer["body"] };
    }
    throw new Error("The connection ended before the answer did");
  } finally {
    socket.destroy();
  }
};
