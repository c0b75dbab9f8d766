import http from "node:http";

/** What became of the requests for one URL that this program serves. */
export interface ServedFile {
  readonly url: string;
  /** `HEAD`, `GET`, `GET bytes=0-`, in the order in which they came. */
  readonly requests: readonly string[];
  /** Resolves once a GET has come. */
  readonly asked: Promise<void>;
  /** Answers the GETs that wait, and those that come. */
  readonly release: () => void;
}

/** Where cielo24 can fetch media from. */
export interface MediaUrl {
  /** A file of media. */
  readonly url: string;
  /** Undefined unless this program serves the URL. */
  readonly serve: ((how: "whole" | "held" | "breaks off") => ServedFile) | undefined;
  readonly close: () => Promise<void>;
}

/** A URL that somebody else serves. */
export const foreignMediaUrl = (url: string): MediaUrl => ({
  url,
  serve: undefined,
  close: () => Promise.resolve(),
});

/**
 * Serves the media on all addresses of this machine.
 *
 * @param publicUrl where cielo24 reaches `port` of this machine
 */
export const serveMediaUrl = async (publicUrl: string, port: number, media: Uint8Array): Promise<MediaUrl> => {
  const files = new Map<string, (request: http.IncomingMessage, response: http.ServerResponse) => void>();
  const server = http.createServer((request, response) => {
    const answer = files.get(request.url?.split("/").at(-1) ?? "");
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  const serve: NonNullable<MediaUrl["serve"]> = (how) => {
    const name = `${files.size + 1}.wav`;
    const requests: string[] = [];
    const { promise: released, resolve } = Promise.withResolvers<undefined>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
    const release = () => {
      resolve(undefined);
    };
    if (how !== "held") release();
    files.set(name, (request, response) => {
      const { method = "", headers } = request;
      requests.push(headers.range === undefined ? method : `${method} ${headers.range}`);
      response.writeHead(200, { "content-type": "audio/wav", "content-length": media.byteLength });
      if (method === "GET") ask(undefined);
      if (method === "HEAD") response.end();
      else if (how === "breaks off") response.write(media.subarray(0, media.byteLength / 2), () => response.destroy());
      else {
        response.flushHeaders();
        void released.then(() => response.end(media));
      }
    });
    return { url: `${publicUrl.replace(/\/$/, "")}/${name}`, requests, asked, release };
  };
  return {
    url: serve("whole").url,
    serve,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};
