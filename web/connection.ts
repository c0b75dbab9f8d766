/** The configuration from the page's server. It holds no secret of cielo24's. */
interface PageConfig {
  /** The proxy's address. */
  readonly apiUrl: string;
  /** The stack behind it. Another one may come to the same address, and knows nothing of this one's jobs. */
  readonly stackId?: string;
  /** Whether sample jobs can be made, that is, cielo24 is simulated. */
  readonly sampleJobs: boolean;
  /** What can become of the media of sample jobs: names with a sentence each. */
  readonly fates?: Fates;
}

/** What can become of media, by name. */
export type Fates = Readonly<Record<string, string>>;

/** The API, and the tokens for it. */
export interface Connection {
  readonly apiUrl: string;
  /** Under this name the browser keeps what it has to remember. */
  readonly id: string;
  readonly token: (why: { readonly renew: boolean }) => Promise<string>;
  /** Makes a job at the simulated cielo24, if there is one, with a fate of `fates` or none. @returns its id */
  readonly newSampleJob: ((fate?: string) => Promise<string>) | undefined;
  readonly fates: Fates;
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
    id: [config.apiUrl, config.stackId].filter((part) => part !== undefined).join(" "),
    token: ({ renew }) => {
      if (renew) current = undefined;
      current ??= postJson("local/token").then(({ token }) => String(token));
      // Do not keep a failure.
      current.catch(() => (current = undefined));
      return current;
    },
    newSampleJob: config.sampleJobs
      ? async (fate = "") => String((await postJson(`local/jobs${fate && `?fate=${fate}`}`))["jobId"])
      : undefined,
    fates: config.fates ?? {},
  };
};
