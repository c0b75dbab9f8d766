/** A route of the HTTP API, as a function's `function.yml` declares it. */
export interface Route {
  /** As API Gateway names it: `GET /media/{capability}/{name}`. */
  readonly routeKey: string;
  readonly method: string;
  readonly path: string;
  readonly functionName: string;
  /** Scopes of which a token must have at least one; undefined where the route has no authorizer. */
  readonly scopes?: readonly string[];
}

export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded values of the path's `{parameters}`. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The route that API Gateway would choose: the method must be equal, a literal part of a path is preferred over a
 * parameter, and `/health/` is not `/health`.
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

/** Decodes percent-encoding where that is possible. */
export const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
