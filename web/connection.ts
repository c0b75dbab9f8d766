/** The configuration from the page's server. It holds no secret of cielo24's. */
interface PageConfig {
  /** The proxy's address. */
  readonly apiUrl: string;
  /** Whether sample jobs can be made, that is, cielo24 is simulated. */
  readonly sampleJobs: boolean;
}

/** The API, and the tokens for it. */
export interface Connection {
  readonly apiUrl: string;
  readonly token: (why: { readonly renew: boolean }) => Promise<string>;
  /** Makes a job at the simulated cielo24, if there is one. @returns its id */
  readonly newSampleJob: (() => Promise<string>) | undefined;
}

const postJson = async (path: string): Promise<Record<string, unknown>> => {
  const response = await fetch(path, { method: "POST" });
  if (!response.ok) throw new Error(`The page's own server answered ${response.status} to ${path}.`);
  return (await response.json()) as Record<string, unknown>;
};

export const connect = async (): Promise<Connection> => {
  const config = (await (await fetch("config.json")).json()) as PageConfig;
  let current: Promise<string> | undefined;
  return {
    apiUrl: config.apiUrl,
    token: ({ renew }) => {
      if (renew) current = undefined;
      current ??= postJson("local/token").then(({ token }) => String(token));
      // Do not keep a failure.
      current.catch(() => (current = undefined));
      return current;
    },
    newSampleJob: config.sampleJobs ? async () => String((await postJson("local/jobs"))["jobId"]) : undefined,
  };
};
