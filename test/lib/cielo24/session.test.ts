import { describe, expect, it } from "@jest/globals";
import { Cielo24Error } from "../../../lib/cielo24/errors.ts";
import { parseSecret, SecretError, type Credentials } from "../../../lib/cielo24/secret.ts";
import { createSession } from "../../../lib/cielo24/session.ts";
import { Secret } from "../../../lib/cielo24/token.ts";

/** A session over a login and a secret store that the test answers for. */
const openSession = (
  logIn: (securekey: string) => string | Promise<string>,
  readCredentials: () => Credentials | Promise<Credentials> = () => login("key"),
) => {
  const state = { now: 0, logins: 0, reads: 0 };
  const session = createSession({
    clock: () => state.now,
    logIn: async ({ secret }) => {
      state.logins += 1;
      return new Secret(await logIn(secret.reveal()));
    },
    readCredentials: async () => {
      state.reads += 1;
      return readCredentials();
    },
  });
  const token = async (deadline = state.now + 10_000) => (await session.token(deadline)).reveal();
  return { session, state, token };
};

const login = (securekey: string) => parseSecret(JSON.stringify({ username: "u", securekey }));
const fixed = (token: string) => parseSecret(JSON.stringify({ api_token: token }));
const fails = (code: Cielo24Error["code"]): never => {
  throw new Cielo24Error(code);
};

describe("a session with cielo24", () => {
  it("lets nobody wait for another's login beyond their own deadline", async () => {
    const { promise: answered, resolve } = Promise.withResolvers<string>();
    const { state, token } = openSession(() => answered);
    const patient = token(10_000);
    await expect(token(50)).rejects.toMatchObject({ code: "TIMED_OUT" });
    resolve("t");
    expect(await patient).toBe("t");
    expect(state.logins).toBe(1);
  });

  it("logs in anew for who has time left when another's login was too late", async () => {
    const { promise: late, reject } = Promise.withResolvers<string>();
    const { state, token } = openSession(() => (state.logins === 1 ? late : "t"));
    const hasty = token(5_000);
    const patient = [token(20_000), token(20_000)];
    reject(new Cielo24Error("TIMED_OUT"));
    await expect(hasty).rejects.toMatchObject({ code: "TIMED_OUT" });
    expect(await Promise.all(patient)).toEqual(["t", "t"]);
    expect(state.logins).toBe(2);
  });

  it("does not remember that cielo24 was down", async () => {
    const { state, token } = openSession(() => (state.logins === 1 ? fails("UNAVAILABLE") : "t"));
    await expect(token()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await token()).toBe("t");
  });

  it("keeps a newer token when an older one is refused", async () => {
    const { session, state, token } = openSession(() => `t${state.logins}`);
    const first = await session.token(10_000);
    session.refuse(first);
    expect(await token()).toBe("t2");
    session.refuse(first);
    expect(await token()).toBe("t2");
    expect(state.logins).toBe(2);
  });

  it("fault 28: is unavailable while the secret store is down and nothing is cached", async () => {
    const { state, token } = openSession(
      () => "t",
      () => {
        if (state.reads === 1) throw new SecretError("SECRET_UNREADABLE", "down");
        return login("key");
      },
    );
    await expect(token()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await token()).toBe("t");
  });

  it("fault 12, fault 28: stays with the cached credentials when the store is down as a login is refused", async () => {
    const { state, token } = openSession(
      () => fails("LOGIN_INVALID"),
      () => {
        if (state.reads > 1) throw new SecretError("SECRET_UNREADABLE", "down");
        return login("key");
      },
    );
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    expect(state).toMatchObject({ logins: 1, reads: 2 });
  });

  it("asks for an operator where the secret is malformed, and says what is missing", async () => {
    const { token } = openSession(
      () => "t",
      () => parseSecret('{"username":"u"}'),
    );
    await expect(token()).rejects.toMatchObject({
      code: "LOGIN_INVALID",
      errorComment: expect.stringContaining("lacks securekey") as unknown,
    });
  });

  it("fault 12, fault 27: tries refused credentials again after a minute, changed ones at once", async () => {
    let key = "wrong";
    const { state, token } = openSession(
      (securekey) => (securekey === "right" ? "t" : fails("LOGIN_INVALID")),
      () => login(key),
    );
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    state.now += 59_000;
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    expect(state.logins).toBe(1);
    state.now += 2_000;
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    expect(state.logins).toBe(2);
    key = "right";
    expect(await token()).toBe("t");
  });

  it("fault 27: logs in at most twice in a row where the changed credentials are wrong, too", async () => {
    const { state, token } = openSession(
      () => fails("LOGIN_INVALID"),
      () => login(state.reads === 1 ? "old" : "new"),
    );
    for (let call = 0; call < 5; call += 1) await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    expect(state.logins).toBe(2);
  });

  it("takes a fixed token from the secret again once the one it had is refused", async () => {
    let current = "old";
    const { session, state, token } = openSession(
      () => "never",
      () => fixed(current),
    );
    const old = await session.token(10_000);
    session.refuse(old);
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    current = "new";
    expect(await token()).toBe("new");
    expect(state.logins).toBe(0);
  });
});
