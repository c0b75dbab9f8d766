import type { Page, Route } from "playwright-core";
import type { Stack } from "../../dev/stack.ts";

/** The requests to the bucket about a job, as `operation status`, in order, without those of the delivery. */
export const requestsFor = ({ s3 }: Stack, jobId: string): string[] =>
  s3.requests
    .filter(({ key, operation }) => key.startsWith(`media/${jobId}/`) && !/^(Get|Head)Object$/.test(operation))
    .map(({ operation, status }) => `${operation} ${status}`);

export const count = (requests: readonly string[], request: string): number =>
  requests.filter((each) => each === request).length;

/** An early one, because all requests take three times as long while one is held back. */
const HELD_PART = "3";

/** Holds back one request to the bucket. @returns resolves with it once it is made */
const hold = async (page: Page, isIt: (url: URL) => boolean): Promise<{ readonly held: Promise<Route> }> => {
  let resolve: (route: Route) => void;
  const held = new Promise<Route>((settle) => (resolve = settle));
  await page.route(
    isIt,
    (route) => {
      resolve(route);
    },
    { times: 1 },
  );
  return { held };
};

const isHeldPart = (url: URL): boolean => url.searchParams.get("partNumber") === HELD_PART;

/** Holds back the PUT of one part. @returns resolves with it once it is made */
export const holdPart = (page: Page) => hold(page, isHeldPart);

/**
 * Holds back each such request, for as long as the test needs: the client gives up one that stands still for half a minute,
 * and sends it again.
 *
 * @returns `held` resolves with the first, once it is made
 */
const holdThroughout = async (page: Page, isIt: (url: URL) => boolean) => {
  const routes: Route[] = [];
  let begin: (route: Route) => void;
  const held = new Promise<Route>((resolve) => (begin = resolve));
  await page.route(isIt, (route) => {
    routes.push(route);
    begin(route);
  });
  const letGo = async (): Promise<void> => {
    // Those that the client has given up are gone.
    await Promise.all(routes.map((route) => route.continue().catch(() => undefined)));
    await page.unroute(isIt);
  };
  return { held, letGo };
};

const isWholeFile = (url: URL): boolean => url.searchParams.get("x-id") === "PutObject";

/** Holds back the PUT of one part, however often it is made. */
export const holdPartThroughout = (page: Page) => holdThroughout(page, isHeldPart);

/** Holds back the PUT of a whole file. @returns resolves with it once it is made */
export const holdPut = (page: Page) => hold(page, isWholeFile);

/** Holds back the PUT of a whole file, however often it is made. */
export const holdPutThroughout = (page: Page) => holdThroughout(page, isWholeFile);
