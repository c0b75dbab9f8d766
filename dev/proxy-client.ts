import { setTimeout as wait } from "node:timers/promises";

/** What the proxy's HTTP API answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Speaks to the local proxy as a client with a bearer token does. For the tour and the first delivery of `npm start`. */
export const createProxyClient = (apiUrl: string, token: string | undefined) => {
  const call = async (
    method: string,
    path: string,
    query: Record<string, string> = {},
    body?: object | Uint8Array<ArrayBuffer> | FormData,
  ): Promise<ApiAnswer> => {
    const isRaw = body instanceof Uint8Array;
    const isForm = body instanceof FormData;
    const response = await fetch(`${apiUrl}${path}?${new URLSearchParams({ v: "1", ...query }).toString()}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        // A form names its boundary itself.
        ...(body === undefined || isForm ? {} : { "content-type": isRaw ? "video/mp4" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: isRaw || isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };

  return {
    call,
    /** Asks for the job's delivery until it has ended, and tells each state. */
    awaitDelivery: async (
      jobId: string,
      onState: (answer: ApiAnswer) => void = () => undefined,
      timeoutMs = 60_000,
    ): Promise<ApiAnswer> => {
      const giveUpAt = Date.now() + timeoutMs;
      for (;;) {
        const answer = await call("GET", "/api/job/delivery", { job_id: jobId, wait: "5" });
        onState(answer);
        if (["DELIVERED", "REJECTED", "NEEDS_REVIEW"].includes(String(answer.body["State"]))) return answer;
        if (Date.now() > giveUpAt) return answer;
        // An operator's drop has no row until its message was taken.
        if (answer.status !== 200) await wait(200);
      }
    },
  };
};
