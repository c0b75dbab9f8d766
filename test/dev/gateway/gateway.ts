import { afterAll, beforeAll } from "@jest/globals";
import { createJwtAuthorizer } from "../../../dev/gateway/authorizer.ts";
import type { Cors } from "../../../dev/gateway/cors.ts";
import type { Route } from "../../../dev/gateway/routes.ts";
import { startGateway, type Gateway } from "../../../dev/gateway/server.ts";
import { startIdentity, type Identity } from "../../../dev/stack/identity.ts";

export interface GatewayFixture {
  readonly gateway: Gateway;
  readonly identity: Identity;
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
}): GatewayFixture => {
  const { clock = Date.now } = options;
  const parts = { events: [], result: (event) => event } as Pick<GatewayFixture, "events" | "result">;
  beforeAll(async () => {
    const identity = await startIdentity({ clock });
    const gateway = await startGateway({
      ...options,
      authorize: createJwtAuthorizer({ issuer: identity.issuer, audience: [identity.audience], clock }),
      invoke: async (_name, event) => {
        parts.events.push(event as Record<string, unknown>);
        return Promise.resolve(parts.result(event as Record<string, unknown>));
      },
    });
    Object.assign(parts, { identity, gateway });
  });
  afterAll(async () => {
    const { gateway, identity } = parts as GatewayFixture;
    await gateway.close();
    await identity.close();
  });
  return parts as GatewayFixture;
};
