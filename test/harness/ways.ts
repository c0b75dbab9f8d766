import { afterAll } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
import type { Build } from "../../dev/stack/lambda.ts";
import type { StackOptions } from "../../dev/stack.ts";
import { build as deliverMedia } from "../../functions/deliver-media/handler.ts";
import { build as deliveryStatus } from "../../functions/delivery-status/handler.ts";
import { build as buildSignUpload } from "../../functions/sign-upload/handler.ts";
import { startFront, type Habits } from "./fronts.ts";
import { startLine, type Line, type Quality } from "./line.ts";
import { useStack } from "./stack.ts";

/** The way of one client to the stack: over a line of its own, to the API and to the bucket alike. */
export interface Way extends Line {
  readonly apiUrl: string;
}

interface WayOptions {
  readonly quality?: Quality;
  /** Misbehaviour of what stands between the line's end and the API, or the bucket. */
  readonly api?: Habits;
  readonly store?: Habits;
}

/**
 * The whole local stack, and ways to it. A URL that is signed leads to the bucket over the line that the call came over.
 * Lines are closed after the last test of the file.
 */
export const useWays = (options: StackOptions = {}) => {
  /** Where the bucket is for those who call the API at this host. */
  const stores = new Map<string, string>();
  const signUpload: Build = (runtime) => {
    const handlers = new Map<string | undefined, ReturnType<typeof buildSignUpload>>();
    const handlerFor = (store: string | undefined) => {
      const built =
        handlers.get(store) ??
        buildSignUpload(
          store === undefined ? runtime : { ...runtime, env: { ...runtime.env, AWS_ENDPOINT_URL_S3: store } },
        );
      handlers.set(store, built);
      return built;
    };
    return (event, context) => {
      const { host = "" } = (event as { readonly headers: Readonly<Record<string, string | undefined>> }).headers;
      return handlerFor(stores.get(host))(event, context);
    };
  };

  const closers: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  // The stack would import the others when they are first called, which jest forbids while tests run side by side.
  const functions: StackOptions["functions"] = {
    "deliver-media": deliverMedia,
    "delivery-status": deliveryStatus,
    "sign-upload": signUpload,
  };
  const local = useStack({ ...options, functions: { ...functions, ...options.functions } });

  const behind = async (url: string, habits: Habits | undefined): Promise<string> => {
    if (!habits) return url;
    const front = await startFront(url, habits);
    closers.push(front.close);
    return front.url;
  };
  const openWay = async ({ quality, api, store }: WayOptions = {}): Promise<Way> => {
    const line = await startLine(
      { api: await behind(local.stack.apiUrl, api), store: await behind(local.stack.s3.url, store) },
      quality,
    );
    closers.push(line.close);
    const { api: apiUrl = "", store: storeUrl = "" } = line.addresses;
    stores.set(new URL(apiUrl).host, storeUrl);
    return { ...line, apiUrl };
  };
  return { local, openWay };
};

const LOOK_EVERY_MS = 20;

/** Resolves once it is so. Looks now and then, since tests that run side by side need the processor themselves. */
export const when = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await wait(LOOK_EVERY_MS);
};
