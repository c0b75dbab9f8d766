import { describe, expect, it } from "@jest/globals";
import { Cielo24Error } from "../../../lib/cielo24/api.ts";
import { parseSecret, SecretError, type Credentials, Secret } from "../../../lib/cielo24/credentials.ts";
import { createSession } from "../../../lib/cielo24/session.ts";

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
const BAD_TOKEN = new Cielo24Error("BAD_API_TOKEN");
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
    session.answered(first, BAD_TOKEN);
    expect(await token()).toBe("t2");
    session.answered(first, BAD_TOKEN);
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
    session.answered(old, BAD_TOKEN);
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    current = "new";
    expect(await token()).toBe("new");
    expect(state.logins).toBe(0);
  });

  it("fault 12: tries a fixed token that was refused again after a minute: the refusal may have been a mistake", async () => {
    const { session, state, token } = openSession(
      () => "never",
      () => fixed("good"),
    );
    for (let mistake = 0; mistake < 3; mistake += 1) {
      session.answered(await session.token(state.now + 10_000), BAD_TOKEN);
      await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
      state.now += 59_000;
      await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
      state.now += 2_000;
      expect(await token()).toBe("good");
    }
  });

  it("logs in anew where a call, not the login, is answered with LOGIN_INVALID", async () => {
    const { session, state, token } = openSession(() => `t${state.logins}`);
    session.answered(await session.token(10_000), new Cielo24Error("LOGIN_INVALID"));
    expect(await token()).toBe("t2");
  });

  it("uses a secret that was malformed as soon as it is mended", async () => {
    let text = '{"username":"u"}';
    const { token } = openSession(
      () => "t",
      () => parseSecret(text),
    );
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    text = '{"username":"u","securekey":"key"}';
    expect(await token()).toBe("t");
  });

  it("outlives a secret that is malformed while it is changed", async () => {
    let text = '{"username":"u","securekey":"old"}';
    const { state, token } = openSession(
      (key) => (key === "new" ? "t" : fails("LOGIN_INVALID")),
      () => parseSecret(text),
    );
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    text = "{";
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    state.now += 61_000;
    await expect(token()).rejects.toMatchObject({ code: "LOGIN_INVALID" });
    text = '{"username":"u","securekey":"new"}';
    expect(await token()).toBe("t");
  });

  describe("whose answers may be those to another account", () => {
    const wrongAccount = (errorType: string) => new Cielo24Error("REFUSED", { errorType });

    it.each(["ITEM_NOT_FOUND", "ACCOUNT_UNPRIVILEGED", "ACCOUNT_DOES_NOT_EXIST", "NOT_PARENT_ACCOUNT"])(
      "uses the changed secret after %s, though the old credentials still work",
      async (errorType) => {
        let key = "of another account";
        const { session, token } = openSession(
          (securekey) => `token ${securekey}`,
          () => login(key),
        );
        const old = await session.token(10_000);
        key = "right";
        session.answered(old, wrongAccount(errorType));
        expect(await token()).toBe("token right");
      },
    );

    it("does so with a fixed token, too", async () => {
      let current = "old";
      const { session, token } = openSession(
        () => "never",
        () => fixed(current),
      );
      const old = await session.token(10_000);
      current = "new";
      session.answered(old, wrongAccount("ITEM_NOT_FOUND"));
      expect(await token()).toBe("new");
    });

    it("keeps the token where the secret is the same, or cannot be read, and reads it once a minute at most", async () => {
      let isDown = false;
      const { session, state, token } = openSession(
        () => `t${state.logins}`,
        () => {
          if (isDown) throw new SecretError("SECRET_UNREADABLE", "down");
          return login("key");
        },
      );
      for (let call = 0; call < 50; call += 1)
        session.answered(await session.token(10_000), wrongAccount("ITEM_NOT_FOUND"));
      expect(await token()).toBe("t1");
      expect(state).toMatchObject({ logins: 1, reads: 2 });
      isDown = true;
      state.now += 61_000;
      session.answered(await session.token(state.now + 10_000), wrongAccount("ITEM_NOT_FOUND"));
      expect(await token()).toBe("t1");
      expect(state).toMatchObject({ logins: 1, reads: 3 });
    });

    it.each(["INVALID_QUERY", "INVALID_URL"])("sees no such doubt in %s", async (errorType) => {
      const { session, state, token } = openSession(() => "t");
      session.answered(await session.token(10_000), wrongAccount(errorType));
      expect(await token()).toBe("t");
      expect(state.reads).toBe(1);
    });
  });
});
