import type { Page, Route } from "playwright-core";
import type { Stack } from "../../dev/stack.ts";

/** What the bucket was asked about a job, as `operation status`, in order; reading for the delivery left out. */
export const requestsFor = ({ s3 }: Stack, jobId: string): string[] =>
  s3.requests
    .filter(({ key, operation }) => key.startsWith(`media/${jobId}/`) && !/^(Get|Head)Object$/.test(operation))
    .map(({ operation, status }) => `${operation} ${status}`);

export const count = (requests: readonly string[], request: string): number =>
  requests.filter((each) => each === request).length;

/** An early one: while the browser is told to hold a request back, all others take three times as long. */
const HELD_PART = "3";

/** Holds back a request to the bucket, once. @returns what resolves with it when it is under way */
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

/** Holds back the PUT of one part, once. @returns what resolves with it when it is under way */
export const holdPart = (page: Page) => hold(page, (url) => url.searchParams.get("partNumber") === HELD_PART);

/** Holds back the PUT of a whole file, once. @returns what resolves with it when it is under way */
export const holdPut = (page: Page) => hold(page, (url) => url.searchParams.get("x-id") === "PutObject");
