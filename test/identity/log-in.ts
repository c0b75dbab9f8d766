import { createHash, randomBytes } from "node:crypto";

/** What an identity provider gave for a login. */
export interface Tokens {
  readonly accessToken: string;
  /** Where `openid` was asked for. */
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
}

export interface User {
  readonly name: string;
  readonly password: string;
}

/** A browser's client is public, a backend's has a secret. */
interface Client {
  readonly id: string;
  readonly secret?: string;
}

interface Ask {
  readonly issuer: string;
  readonly client: Client;
  readonly scope: string;
  /** What this provider wants besides, such as `resource`. */
  readonly more?: Readonly<Record<string, string>>;
}

interface Discovery {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

/** Where the provider sends the browser with the code. Nobody listens there: the answer is not followed. */
export const REDIRECT_URI = "https://app.example/signed-in";

/**
 * The authorization code flow with PKCE, as a browser goes through it: follows redirects with its cookies, fills in the
 * forms that it is shown with the user's name and password, and exchanges the code.
 *
 * @throws with the provider's own error
 */
export const logIn = async ({
  issuer,
  client,
  scope,
  more = {},
  user,
}: Ask & { readonly user: User }): Promise<Tokens> => {
  const { authorization_endpoint, token_endpoint } = await discover(issuer);
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(8).toString("hex");
  const url = new URL(authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    scope,
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  }).toString();
  const answer = await browseToRedirect(url, user);
  if (answer.get("state") !== state) throw new Error("The answer is to another request");
  const code = answer.get("code");
  if (code === null) throw new Error(`${answer.get("error") ?? ""}: ${answer.get("error_description") ?? ""}`);
  const grant = {
    grant_type: "authorization_code",
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    ...more,
  };
  return await requestTokens(token_endpoint, client, grant);
};

/** The client credentials grant, as a backend uses it. @throws with the provider's own error */
export const logInBackend = async ({ issuer, client, scope, more = {} }: Ask): Promise<Tokens> => {
  const { token_endpoint } = await discover(issuer);
  return await requestTokens(token_endpoint, client, { grant_type: "client_credentials", scope, ...more });
};

/** New tokens for a refresh token. @throws with the provider's own error */
export const renew = async (
  { issuer, client, more = {} }: Omit<Ask, "scope">,
  { refreshToken = "" }: Tokens,
): Promise<Tokens> => {
  const { token_endpoint } = await discover(issuer);
  return await requestTokens(token_endpoint, client, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    ...more,
  });
};

const discover = async (issuer: string): Promise<Discovery> => {
  const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  return (await response.json()) as Discovery;
};

const requestTokens = async (
  endpoint: string,
  { id, secret }: Client,
  grant: Readonly<Record<string, string>>,
): Promise<Tokens> => {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: secret === undefined ? {} : { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ ...(secret === undefined ? { client_id: id } : {}), ...grant }),
  });
  const body = (await response.json()) as Record<string, string>;
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken, error, error_description } = body;
  if (accessToken === undefined) throw new Error(`${error ?? response.status}: ${error_description ?? ""}`);
  return { accessToken, idToken, refreshToken };
};

/** @returns what comes with the redirect to the application */
const browseToRedirect = async (start: URL, user: User): Promise<URLSearchParams> => {
  const cookies = new Map<string, string>();
  let [url, form]: [URL, URLSearchParams | undefined] = [start, undefined];
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map((each) => each.join("=")).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get("location");
    const page = await response.text();
    if (location === null) [url, form] = fillIn(page, url, user);
    else [url, form] = [new URL(location, url), undefined];
    if (url.href.startsWith(REDIRECT_URI)) return url.searchParams;
  }
  throw new Error(`After ${MAX_PAGES} pages the login has no end`);
};

/** A login is one or two forms with a few redirects before, between and after them. */
const MAX_PAGES = 12;

/** The page's first form: fields keep their values, but for those that a person fills in. */
const fillIn = (page: string, at: URL, user: User): [URL, URLSearchParams] => {
  const [, attributes = "", content = ""] = /<form\b([^>]*)>(.*?)<\/form>/s.exec(page) ?? [];
  const action = attribute(attributes, "action");
  if (action === undefined) throw new Error(`There is no form at ${at.origin}${at.pathname}`);
  const fields = [...content.matchAll(/<input\b([^>]*)>/gs)].flatMap(([, input = ""]): [string, string][] => {
    const name = attribute(input, "name");
    if (name === undefined || attribute(input, "type") === "checkbox") return [];
    const typed = { text: user.name, password: user.password }[attribute(input, "type") ?? "text"];
    return [[name, typed ?? attribute(input, "value") ?? ""]];
  });
  return [new URL(action, at), new URLSearchParams(fields)];
};

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&amp;", "&");
