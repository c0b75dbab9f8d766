import { Cielo24Error } from "./errors.ts";
import { SecretError, type Credentials } from "./secret.ts";
import type { Secret } from "./token.ts";

type LoginCredentials = Extract<Credentials, { kind: "login" }>;

interface SessionParts {
  /** Reads the secret. Throws SecretError. */
  readonly readCredentials: () => Promise<Credentials>;
  /** Logs in. Throws Cielo24Error. */
  readonly logIn: (credentials: LoginCredentials, deadline: number) => Promise<Secret>;
  readonly clock: () => number;
}

/** A token to call cielo24 with, shared by everything in the process. */
export interface Session {
  /**
   * The present token; logs in where there is none, once for all who wait, each until its own deadline.
   * @throws {Cielo24Error}
   */
  token(deadline: number): Promise<Secret>;
  /** Tells that cielo24 refused this token, so that the next call logs in; does nothing if there is a newer one. */
  refuse(token: Secret): void;
}

/** After LOGIN_INVALID the same credentials are not tried again for so long. */
const LOCKED_MS = 60_000;

/**
 * Keeps credentials and token in memory for the life of the process, with one login in flight at a time. On
 * LOGIN_INVALID the secret is read again, once; only if it has changed is there a second login.
 */
export const createSession = ({ readCredentials, logIn, clock }: SessionParts): Session => {
  let credentials: Credentials | undefined;
  let current: Secret | undefined;
  let refused: Secret | undefined;
  let underWay: Promise<Secret> | undefined;
  let lockedUntil = 0;

  const load = async (): Promise<Credentials> => {
    try {
      return await readCredentials();
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      // A secret store that is down must not stop what the cached credentials can still do.
      if (credentials) return credentials;
      throw new Cielo24Error(error.code === "SECRET_MALFORMED" ? "LOGIN_INVALID" : "UNAVAILABLE", {
        errorComment: error.message,
      });
    }
  };

  const logInAnew = async (deadline: number): Promise<Secret> => {
    const isLocked = clock() < lockedUntil;
    const known = credentials ?? (await load());
    credentials = known;
    if (!isLocked) {
      try {
        return await useCredentials(known, deadline);
      } catch (error) {
        if (!(error instanceof Cielo24Error && error.code === "LOGIN_INVALID")) throw error;
      }
    }
    const reread = await load();
    if (isSame(known, reread)) {
      lockedUntil = isLocked ? lockedUntil : clock() + LOCKED_MS;
      throw new Cielo24Error("LOGIN_INVALID");
    }
    credentials = reread;
    lockedUntil = 0;
    try {
      return await useCredentials(reread, deadline);
    } catch (error) {
      if (error instanceof Cielo24Error && error.code === "LOGIN_INVALID") lockedUntil = clock() + LOCKED_MS;
      throw error;
    }
  };

  const useCredentials = (known: Credentials, deadline: number): Promise<Secret> => {
    if (known.kind === "login") return logIn(known, deadline);
    // A fixed token cannot be renewed: refused, it is as wrong as a wrong password.
    if (refused?.reveal() === known.token.reveal()) return Promise.reject(new Cielo24Error("LOGIN_INVALID"));
    return Promise.resolve(known.token);
  };

  /** The login that is under way, or a new one. It ends by the deadline of who began it. */
  const join = (deadline: number): Promise<Secret> => {
    underWay ??= logInAnew(deadline)
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
          // Somebody else's time was up, not ours.
          if (isMine || !(error instanceof Cielo24Error && error.code === "TIMED_OUT")) throw error;
        }
      }
      if (!current) throw new Cielo24Error("TIMED_OUT");
      return current;
    },
    refuse: (token) => {
      if (current !== token) return;
      refused = token;
      current = undefined;
    },
  };
};

/** Waits for the promise until the deadline; what the promise does afterwards is nobody's concern. */
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
