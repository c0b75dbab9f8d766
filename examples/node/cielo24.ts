/** cielo24's own API, as far as a backend needs it beside the proxy. The account's credentials never leave the backend. */
export interface Account {
  readonly url: string;
  readonly username: string;
  readonly securekey: string;
}

/** From CIELO24_URL, CIELO24_USERNAME and CIELO24_SECUREKEY. */
export const readAccount = (): Account => ({
  url: process.env["CIELO24_URL"] ?? "https://api.cielo24.com",
  username: process.env["CIELO24_USERNAME"] ?? "",
  securekey: process.env["CIELO24_SECUREKEY"] ?? "",
});

/** Logs in, and makes a job that has no media yet. @returns the job's id */
export const createJob = async ({ url, username, securekey }: Account, name: string): Promise<string> => {
  const { ApiToken: apiToken = "" } = await get(new URL("/api/account/login?v=1", url), {
    "x-auth-user": username,
    "x-auth-securekey": securekey,
  });
  const query = new URLSearchParams({ v: "1", api_token: apiToken, job_name: name, language: "en" });
  const { JobId: jobId } = await get(new URL(`/api/job/new?${query.toString()}`, url));
  if (jobId === undefined) throw new Error("cielo24 made no job.");
  return jobId;
};

const get = async (url: URL, headers: Record<string, string> = {}): Promise<Record<string, string | undefined>> => {
  const response = await fetch(url, { headers });
  const body = (await response.json()) as Record<string, string | undefined>;
  // Never the URL: it has the token in it.
  if (!response.ok) throw new Error(`cielo24 answered ${String(response.status)}: ${body["ErrorComment"] ?? ""}`);
  return body;
};
