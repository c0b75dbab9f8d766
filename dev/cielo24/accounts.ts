import { randomBytes } from "node:crypto";
import type { Facts } from "./facts.ts";
import { ApiFailure, refusalOf } from "./failure.ts";

export interface Account {
  readonly username: string;
  readonly securekey: string;
  readonly password: string;
}

const newId = (): string => randomBytes(16).toString("hex");

type SessionFacts = Required<
  Pick<Facts, "invalidToken" | "tokenLifeMs" | "loginEndsEarlierTokens" | "securekeyIsToken" | "missingParameter">
>;

/** Accounts and the tokens of their sessions. A token that is not used for `tokenLifeMs` expires. */
export const createAccounts = (accounts: readonly Account[], clock: () => number, facts: SessionFacts) => {
  const tokenLifeMs = facts.tokenLifeMs ?? Infinity;
  let known = [...accounts];
  const sessions = new Map<string, { username: string; usedAt: number }>();
  const issuedTokens: string[] = [];
  return {
    /** Every token that was ever issued, to check that no output contains one. */
    issuedTokens,
    logIn: (username: string | undefined, by: "securekey" | "password", secret: string | undefined): string => {
      const account = known.find((each) => each.username === username && each[by] === secret);
      if (!account || !secret) throw new ApiFailure("LOGIN_INVALID", "Invalid username, password or key.");
      if (facts.loginEndsEarlierTokens)
        for (const [earlier, session] of sessions) if (session.username === username) sessions.delete(earlier);
      const token = newId();
      issuedTokens.push(token);
      sessions.set(token, { username: account.username, usedAt: clock() });
      return token;
    },
    logOut: (token: string): void => {
      sessions.delete(token);
    },
    /** The account to whose session the token belongs. */
    check: (token: string | undefined): Account | undefined => {
      if (!token) throw refusalOf(facts.missingParameter, "api_token is required.");
      const owner = facts.securekeyIsToken ? known.find(({ securekey }) => securekey === token) : undefined;
      if (owner) return owner;
      const session = sessions.get(token);
      if (!session || clock() - session.usedAt > tokenLifeMs) {
        sessions.delete(token);
        throw refusalOf(facts.invalidToken);
      }
      session.usedAt = clock();
      return known.find(({ username }) => username === session.username);
    },
    expireTokens: (): void => {
      sessions.clear();
    },
    setAccounts: (changed: readonly Account[]): void => {
      known = [...changed];
    },
  };
};
