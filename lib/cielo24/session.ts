import { ACCOUNT_ERROR_TYPES, Cielo24Error } from "./errors.ts";
import { SecretError, type Credentials } from "./credentials.ts";
import type { Secret } from "./secret.ts";

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
  /**
   * Tells what cielo24 answered to a call with this token, so that the next call logs in where the token was refused, and
   * reads the secret again where it may be another account's; does nothing if there is a newer token.
   */
  answered(token: Secret, error: Cielo24Error): void;
}

/** After LOGIN_INVALID the same credentials are not tried again for so long; nor is the secret read for a doubt. */
const LOCKED_MS = 60_000;

/**
 * Keeps credentials and token in memory, with one login in flight at a time. On LOGIN_INVALID the secret is read again,
 * once; only if it has changed is there a second login. Nothing is kept that only the end of the process would mend: what
 * was refused is tried again after a minute, and credentials that are good but of the wrong account are replaced once the
 * secret is.
 */
export const createSession = ({ readCredentials, logIn, clock }: SessionParts): Session => {
  let credentials: Credentials | undefined;
  let current: Secret | undefined;
  /** A fixed token that was refused, perhaps by mistake. */
  let refused: { readonly token: Secret; readonly until: number } | undefined;
  /** A token that works, while the secret is read again. */
  let doubted: Secret | undefined;
  let noDoubtUntil = 0;
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
    const kept = doubted;
    doubted = undefined;
    if (kept && credentials) {
      const reread = await load();
      if (isSame(credentials, reread)) return kept;
      credentials = reread;
      lockedUntil = 0;
    }
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
    const isRefused = refused?.token.reveal() === known.token.reveal() && clock() < refused.until;
    if (isRefused) return Promise.reject(new Cielo24Error("LOGIN_INVALID"));
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
    answered: (token, error) => {
      if (current !== token) return;
      if (error.code === "BAD_API_TOKEN" || error.code === "LOGIN_INVALID") {
        refused = { token, until: clock() + LOCKED_MS };
        current = undefined;
      } else if (mayBeOfWrongAccount(error) && clock() >= noDoubtUntil) {
        noDoubtUntil = clock() + LOCKED_MS;
        doubted = token;
        current = undefined;
      }
    },
  };
};

/** The token for a call that is about to be made. @throws {Cielo24Error} of a call that was not sent */
export const tokenFor = async (session: Session, deadline: number): Promise<Secret> => {
  try {
    return await session.token(deadline);
  } catch (error) {
    throw error instanceof Cielo24Error ? error.ofUnsentCall() : error;
  }
};

/** A job that is another account's is not found, and another account may lack what ours has. */
const mayBeOfWrongAccount = ({ code, errorType = "" }: Cielo24Error): boolean =>
  code === "REFUSED" && (errorType === "ITEM_NOT_FOUND" || ACCOUNT_ERROR_TYPES.has(errorType));

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
