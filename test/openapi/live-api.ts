import { simulatorOf } from "../../bench/virtual-drop.ts";
import { startGateway, type Gateway } from "../../dev/gateway/server.ts";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { loadFunction } from "../../dev/stack/load.ts";
import type { Stack } from "../../dev/stack.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { SCOPE } from "../harness/scope.ts";
import { send, type Answered, type ExampleRequest } from "./request.ts";

type Invoke = Parameters<typeof startGateway>[0]["invoke"];

/** Long enough for one request, and so short that a test need not wait for it. */
const SHORT_MS = 1_300;
const { functions } = await readDeployment();
const routes = functions.flatMap((each) => each.routes);

/** The running API as the owner of a job sees it, and gateways that make it fail. */
export const startLiveApi = async (stack: Stack) => {
  const cielo24 = simulatorOf(stack);
  const gateways: Gateway[] = [];
  /** Outlives every jump of time here. */
  const authorization = async (claims: Record<string, unknown>) =>
    `Bearer ${await stack.token({ sub: "alice", scope: SCOPE, expiresInS: 7 * 86_400, ...claims })}`;
  const alice = await authorization({});

  /** A gateway that lets everybody in as Alice, in front of functions that are run in this way. */
  const startOther = async (invoke: Invoke, integrationTimeoutMs = 30_000): Promise<string> => {
    const gateway = await startGateway({
      routes,
      authorize: () => Promise.resolve({ jwt: { claims: { sub: "alice", scope: SCOPE }, scopes: SCOPE.split(" ") } }),
      invoke,
      integrationTimeoutMs,
    });
    gateways.push(gateway);
    return gateway.url;
  };
  const run = async (name: string, event: unknown, remainingMs = 29_000): Promise<unknown> => {
    const handler = (await loadFunction(name))(stack.runtime);
    return handler(event as never, { getRemainingTimeInMillis: () => remainingMs } as never);
  };

  const failing = await startOther(() => Promise.reject(new Error("The function ended")));
  const stuck = await startOther(() => new Promise(() => undefined), 10);
  const hurried = await startOther((name, event) => run(name, event, SHORT_MS));
  /** Parts of the event cannot be read that the code takes for granted: an unexpected error. */
  const broken = await startOther((name, event) =>
    run(name, { ...(event as object), requestContext: brokenContext(event) }),
  );

  const outside = { failing, stuck, hurried, broken };

  return {
    stack,
    cielo24,
    alice,
    authorization,
    newJob: () => cielo24.addJob(),
    send: (request: ExampleRequest, at: keyof typeof outside | "api" = "api"): Promise<Answered> =>
      send(at === "api" ? stack.apiUrl : outside[at], request),
    write: (jobId: string, row: Omit<Row, "jobId" | "updatedAt" | "fence">) =>
      stack.ledger.write(jobId, {
        if: { state: ["none", "UPLOADING"] },
        set: { fence: 1, updatedAt: stack.runtime.clock(), ...row },
      }),
    /** So that no test sees what another has broken. */
    mend: async () => {
      cielo24.faults.clear();
      stack.aws.faults.clear();
      stack.s3.faults.clear();
      cielo24.setAccounts([stack.credentials]);
      // The session does not try credentials again at once that were refused.
      stack.advanceTime(60_000);
      await stack.drain();
    },
    close: () => Promise.all(gateways.map((gateway) => gateway.close())),
  };
};

export type LiveApi = Awaited<ReturnType<typeof startLiveApi>>;

/** Looks like that of a request, until it is used. */
const brokenContext = (event: unknown) => {
  const { requestContext } = event as { requestContext: { http: { method: string } } };
  let reads = 0;
  const readOnce = (): string => {
    reads += 1;
    if (reads > 1) throw new TypeError("It cannot be read");
    return requestContext.http.method;
  };
  return {
    ...requestContext,
    get authorizer(): never {
      throw new TypeError("It cannot be read");
    },
    http: {
      get method() {
        return readOnce();
      },
    },
  };
};
