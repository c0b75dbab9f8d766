/** A route of the HTTP API, as declared in a function's `function.yml`. */
export interface Route {
  /** API Gateway's name for it: `GET /media/{capability}/{name}`. */
  readonly routeKey: string;
  readonly method: string;
  readonly path: string;
  readonly functionName: string;
  /** The token must have one of these scopes. Undefined: the route has no authorizer. */
  readonly scopes?: readonly string[];
}

export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded values of the path's `{parameters}`. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The route that API Gateway would choose: the method must match, a literal segment wins over a parameter, and `/health/`
 * is not `/health`.
 */
export const findRoute = (routes: readonly Route[], method: string, path: string): RouteMatch | undefined =>
  routes
    .filter((route) => route.method === method)
    .toSorted((a, b) => countParameters(a.path) - countParameters(b.path))
    .map((route) => matchPath(route, path))
    .find((match) => match !== undefined);

const matchPath = (route: Route, path: string): RouteMatch | undefined => {
  const wanted = route.path.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const pathParameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = decodePart(given[at] ?? "");
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== value : value === "") return undefined;
    if (name !== undefined) pathParameters[name] = value;
  }
  return { route, pathParameters };
};

const countParameters = (path: string): number => path.split("{").length - 1;

/** Decodes percent-encoding, if it is valid. */
export const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
