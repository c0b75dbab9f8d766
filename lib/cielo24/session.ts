import { ACCOUNT_ERROR_TYPES, Cielo24Error } from "./api.ts";
import { SecretError, type Credentials, type Secret } from "./credentials.ts";

type LoginCredentials = Extract<Credentials, { kind: "login" }>;

interface SessionParts {
  /** Reads the secret. Throws SecretError. */
  readonly readCredentials: () => Promise<Credentials>;
  /** Logs in. Throws Cielo24Error. */
  readonly logIn: (credentials: LoginCredentials, deadline: number) => Promise<Secret>;
  readonly clock: () => number;
}

/** The token for calls to cielo24, shared by everything in the process. */
export interface Session {
  /**
   * The current token. Logs in if there is none: one login serves everyone who waits, each until its own deadline.
   * @throws {Cielo24Error} of the call that needed the token: it `isUnsent`
   */
  token(deadline: number): Promise<Secret>;
  /**
   * Reports how cielo24 answered a call with this token. If the token was refused, the next call logs in; if the account
   * may be the wrong one, the next call reads the secret again. Does nothing if there is a newer token.
   */
  answered(token: Secret, error: Cielo24Error): void;
}

/** How long refused credentials are not tried again, and the least time between two checks for another account. */
const LOCKED_MS = 60_000;

/**
 * Keeps credentials and token in memory, with at most one login in flight. After LOGIN_INVALID it reads the secret once
 * more, and logs in a second time only if the secret has changed. No state lasts until the process ends: refused
 * credentials are tried again after a minute, and credentials of the wrong account are replaced once the secret is.
 */
export const createSession = ({ readCredentials, logIn, clock }: SessionParts): Session => {
  let credentials: Credentials | undefined;
  let current: Secret | undefined;
  let underWay: Promise<Secret> | undefined;
  let lockedUntil = 0;
  /** A fixed token that was refused, perhaps by mistake. */
  let refused: { readonly token: Secret; readonly until: number } | undefined;
  /** A working token, put aside until the secret has been read again: it may belong to the wrong account. */
  let setAside: Secret | undefined;
  let noCheckUntil = 0;

  const load = async (): Promise<Credentials> => {
    try {
      return await readCredentials();
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      // While Secrets Manager is down, go on with the cached credentials.
      if (credentials) return credentials;
      throw new Cielo24Error(error.code === "SECRET_MALFORMED" ? "LOGIN_INVALID" : "UNAVAILABLE", {
        errorComment: error.message,
      });
    }
  };

  /** Reads the secret again. Returns the new credentials, or undefined if nothing has changed. */
  const loadChanged = async (): Promise<Credentials | undefined> => {
    const loaded = await load();
    if (credentials && isSame(credentials, loaded)) return undefined;
    lockedUntil = 0;
    return (credentials = loaded);
  };

  const logInAgain = async (deadline: number): Promise<Secret> => {
    const kept = setAside;
    setAside = undefined;
    if (kept && !(await loadChanged())) return kept;
    const known = (credentials ??= await load());
    const isLocked = clock() < lockedUntil;
    if (!isLocked) {
      try {
        return await useCredentials(known, deadline);
      } catch (error) {
        if (!isLoginInvalid(error)) throw error;
      }
    }
    const changed = await loadChanged();
    if (!changed) {
      if (!isLocked) lockedUntil = clock() + LOCKED_MS;
      throw new Cielo24Error("LOGIN_INVALID");
    }
    try {
      return await useCredentials(changed, deadline);
    } catch (error) {
      if (isLoginInvalid(error)) lockedUntil = clock() + LOCKED_MS;
      throw error;
    }
  };

  const useCredentials = async (known: Credentials, deadline: number): Promise<Secret> => {
    if (known.kind === "login") return logIn(known, deadline);
    // A fixed token cannot be renewed. Once refused, it is like a wrong password.
    if (refused?.token.reveal() === known.token.reveal() && clock() < refused.until)
      throw new Cielo24Error("LOGIN_INVALID");
    return known.token;
  };

  /** The login in flight, or a new one. It ends by the deadline of the call that started it. */
  const join = (deadline: number): Promise<Secret> => {
    underWay ??= logInAgain(deadline)
      .then((token) => (current = token))
      .finally(() => (underWay = undefined));
    return underWay;
  };

  return {
    token: async (deadline) => {
      while (!current) {
        const isMine = underWay === undefined;
        try {
          const token = await endBy(deadline, join(deadline), clock);
          if (token === "late") break;
          return token;
        } catch (error) {
          if (!(error instanceof Cielo24Error)) throw error;
          // If another call's login ran out of that call's time, this call may still have some.
          if (isMine || error.code !== "TIMED_OUT") throw error.ofUnsentCall();
        }
      }
      if (!current) throw new Cielo24Error("TIMED_OUT", { isUnsent: true });
      return current;
    },
    answered: (token, error) => {
      if (current !== token) return;
      if (error.code === "BAD_API_TOKEN" || error.code === "LOGIN_INVALID") {
        refused = { token, until: clock() + LOCKED_MS };
        current = undefined;
      } else if (mayBeWrongAccount(error) && clock() >= noCheckUntil) {
        noCheckUntil = clock() + LOCKED_MS;
        setAside = token;
        current = undefined;
      }
    },
  };
};

const isLoginInvalid = (error: unknown): boolean => error instanceof Cielo24Error && error.code === "LOGIN_INVALID";

/** Another account's job is not found, and another account may lack privileges that this one has. */
const mayBeWrongAccount = ({ code, errorType = "" }: Cielo24Error): boolean =>
  code === "REFUSED" && (errorType === "ITEM_NOT_FOUND" || ACCOUNT_ERROR_TYPES.has(errorType));

/** Waits for the promise until the deadline, and ignores it afterwards. */
const endBy = async <T>(deadline: number, promise: Promise<T>, clock: () => number): Promise<T | "late"> => {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, Math.max(deadline - clock(), 0), "late");
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

const isSame = (a: Credentials, b: Credentials): boolean => {
  if (a.kind === "token") return b.kind === "token" && a.token.reveal() === b.token.reveal();
  return b.kind === "login" && a.username === b.username && a.by === b.by && a.secret.reveal() === b.secret.reveal();
};
