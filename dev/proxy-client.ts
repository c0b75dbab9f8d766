import { setTimeout as wait } from "node:timers/promises";

/** A response of the proxy's HTTP API. */
export interface ProxyResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls the local proxy with a bearer token, and shows raw responses. For the tour and the first delivery of `npm start`. */
export const createProxyClient = (apiUrl: string, token: string | undefined) => {
  const call = async (
    method: string,
    path: string,
    query: Record<string, string> = {},
    body?: object | Uint8Array<ArrayBuffer> | FormData,
  ): Promise<ProxyResponse> => {
    const isRaw = body instanceof Uint8Array;
    const isForm = body instanceof FormData;
    const response = await fetch(`${apiUrl}${path}?${new URLSearchParams({ v: "1", ...query }).toString()}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        // `fetch` sets the header of a form, with its boundary.
        ...(body === undefined || isForm ? {} : { "content-type": isRaw ? "video/mp4" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: isRaw || isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };

  return {
    call,
    /** Polls the job's delivery until it has ended. */
    awaitDelivery: async (
      jobId: string,
      onState: (response: ProxyResponse) => void = () => undefined,
      timeoutMs = 60_000,
    ): Promise<ProxyResponse> => {
      const giveUpAt = Date.now() + timeoutMs;
      for (;;) {
        const response = await call("GET", "/api/job/delivery", { job_id: jobId, wait: "5" });
        onState(response);
        if (["DELIVERED", "REJECTED", "NEEDS_REVIEW"].includes(String(response.body["State"]))) return response;
        if (Date.now() > giveUpAt) return response;
        // An operator's drop has no row until the worker has received its message.
        if (response.status !== 200) await wait(200);
      }
    },
  };
};
