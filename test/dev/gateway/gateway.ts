import { afterAll, beforeAll } from "@jest/globals";
import { createJwtAuthorizer } from "../../../dev/gateway/authorizer.ts";
import type { Cors } from "../../../dev/gateway/cors.ts";
import type { Route } from "../../../dev/gateway/routes.ts";
import { startGateway, type Gateway } from "../../../dev/gateway/server.ts";
import { startIssuer, type Claims, type Issuer } from "../../harness/issuer.ts";

type SignOptions = Parameters<Issuer["sign"]> extends [Claims, ...infer Rest] ? Rest : never;

export const AUDIENCE = "https://captions.example/api";

export interface GatewayFixture {
  readonly gateway: Gateway;
  readonly issuer: Issuer;
  /** A token for the audience. */
  readonly token: (claims: Claims, ...more: SignOptions) => Promise<string>;
  /** What the function that answers gets and returns; by default it returns its event. */
  result: (event: Record<string, unknown>) => unknown;
  readonly events: Record<string, unknown>[];
}

/** A gateway with a real issuer, and functions that are `fixture.result`. */
export const useGateway = (options: {
  routes: readonly Route[];
  cors?: Cors;
  clock?: () => number;
  integrationTimeoutMs?: number;
  /** How long the issuer may take; by default longer than on any busy machine. */
  issuerTimeoutMs?: number;
  issuerPath?: string;
}): GatewayFixture => {
  const { clock = Date.now, issuerPath: path = "", issuerTimeoutMs: timeoutMs = 30_000 } = options;
  const parts = { events: [], result: (event) => event } as Pick<GatewayFixture, "events" | "result">;
  beforeAll(async () => {
    const issuer = await startIssuer({ clock, path });
    const gateway = await startGateway({
      ...options,
      authorize: createJwtAuthorizer({ issuer: issuer.issuer, audience: [AUDIENCE], clock, timeoutMs }),
      invoke: async (_name, event) => {
        parts.events.push(event as Record<string, unknown>);
        return Promise.resolve(parts.result(event as Record<string, unknown>));
      },
    });
    const token: GatewayFixture["token"] = (claims, ...more) => issuer.sign({ aud: AUDIENCE, ...claims }, ...more);
    Object.assign(parts, { issuer, token, gateway });
  });
  afterAll(async () => {
    const { gateway, issuer } = parts as GatewayFixture;
    await gateway.close();
    await issuer.close();
  });
  return parts as GatewayFixture;
};
