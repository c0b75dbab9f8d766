import { describe, expect, it } from "@jest/globals";
import { ApiError } from "../../../lib/http/errors.ts";
import { readCaller, type CallerConfig } from "../../../lib/http/caller.ts";
import type { HttpEvent } from "../../../lib/http/endpoint.ts";
import { httpEvent } from "../../harness/http-event.ts";

const A = "a".repeat(32);
const B = "b".repeat(32);
const CONFIG: CallerConfig = { ownerClaim: "sub", jobsClaim: "", jobsClaimRequired: false };
const LISTED: CallerConfig = { ...CONFIG, jobsClaim: "jobs" };

const read = (claims: Record<string, unknown>, config = CONFIG) => readCaller(httpEvent({ claims }), config);
const forbidden = expect.objectContaining({ code: "NOT_AUTHORIZED", status: 403 }) as unknown as Error;

describe("readCaller", () => {
  it("takes the owner from the claim that is configured", () => {
    expect(read({ sub: "alice", tenant: "acme" })).toEqual({ isAdmin: false, owner: "alice" });
    expect(read({ sub: "alice", tenant: "acme" }, { ...CONFIG, ownerClaim: "tenant" })).toEqual({
      isAdmin: false,
      owner: "acme",
    });
    expect(read({ "https://id.example/tenant": "7" }, { ...CONFIG, ownerClaim: "https://id.example/tenant" })).toEqual({
      isAdmin: false,
      owner: "7",
    });
  });

  it.each([
    {},
    { sub: "" },
    { sub: true },
    { sub: "[a b]" },
    { sub: "[a]" },
    { sub: "map[id:7]" },
    { sub: ["a", "b"] },
    { sub: null },
  ])("lets nobody in whose claims name no single owner: %j", (claims) => {
    expect(() => read(claims)).toThrow(forbidden);
  });

  it("does not find an owner in what every object inherits", () => {
    expect(() => read({}, { ...CONFIG, ownerClaim: "constructor" })).toThrow(forbidden);
  });

  it("lets nobody in where the route was left without an authorizer", () => {
    const event = httpEvent();
    const { authorizer, ...requestContext } = event.requestContext;
    expect(authorizer).toBeDefined();
    expect(() => readCaller({ ...event, requestContext } as unknown as HttpEvent, CONFIG)).toThrow(forbidden);
    const lambdaAuthorized = { ...requestContext, authorizer: { lambda: { sub: "alice" } } };
    expect(() => readCaller({ ...event, requestContext: lambdaAuthorized } as unknown as HttpEvent, CONFIG)).toThrow(
      forbidden,
    );
  });

  it.each([
    [`[${A} ${B}]`, [A, B]],
    [`${A} ${B}`, [A, B]],
    [`[${A}]`, [A]],
    [A, [A]],
    [`${A},${B}`, [A, B]],
    [`[${A}, ${B}]`, [A, B]],
    ["[]", []],
    ["", []],
    [
      [A, B],
      [A, B],
    ],
  ])("reads the list of jobs from %j", (jobs, expected) => {
    expect(read({ sub: "alice", jobs }, LISTED)).toEqual({ isAdmin: false, owner: "alice", jobs: new Set(expected) });
  });

  it("reads the list of jobs however it spells them, and leaves what is no job as it is", () => {
    const jobs = `[${A.toUpperCase()} bbbbbbbb-bbbb-BBBB-bbbb-bbbbbbbbbbbb *]`;
    expect(read({ sub: "alice", jobs }, LISTED)).toMatchObject({ jobs: new Set([A, B, "*"]) });
  });

  it("names the claim that a token lacks", () => {
    const wordsOf = (claims: Record<string, unknown>, config: CallerConfig): string => {
      try {
        return JSON.stringify(read(claims, config));
      } catch (error) {
        return error instanceof ApiError ? error.comment : String(error);
      }
    };
    expect(wordsOf({}, { ...CONFIG, ownerClaim: "tenant" })).toMatch(/its claim tenant must name one owner\.$/);
    expect(wordsOf({ sub: "alice" }, { ...LISTED, jobsClaimRequired: true })).toMatch(/its claim jobs must/);
    expect(wordsOf({ sub: "alice" }, { ...CONFIG, jobsClaimRequired: true })).not.toMatch(/claim/);
  });

  it("does not ask for a list of jobs unless it is mandatory", () => {
    expect(read({ sub: "alice" }, LISTED)).toEqual({ isAdmin: false, owner: "alice" });
    expect(() => read({ sub: "alice" }, { ...LISTED, jobsClaimRequired: true })).toThrow(forbidden);
    expect(() => read({ sub: "alice", jobs: A }, { ...CONFIG, jobsClaimRequired: true })).toThrow(forbidden);
  });

  it.each([
    { scope: "admin" },
    { scope: "media.read admin", sub: "alice" },
    { scope: "[media.read admin]" },
    { scp: "admin" },
    { scp: "[media.read admin]" },
  ])("knows an admin by the scope of the token: %j", (claims) => {
    expect(read(claims, { ...LISTED, jobsClaimRequired: true })).toEqual({ isAdmin: true });
  });

  it.each([{ scope: "media.admin" }, { scope: "administrator" }, { scope: "Admin" }, { roles: "admin" }])(
    "takes nobody else for one: %j",
    (claims) => {
      expect(read({ sub: "alice", ...claims })).toEqual({ isAdmin: false, owner: "alice" });
    },
  );

  it("does not believe the scopes of the route", () => {
    const event = httpEvent();
    event.requestContext.authorizer.jwt.scopes = ["admin"];
    expect(readCaller(event, CONFIG)).toEqual({ isAdmin: false, owner: "alice" });
  });
});
