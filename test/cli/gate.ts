import type { Build } from "../../dev/stack/lambda.ts";

/** Holds back requests until it is opened, so that an upload or a delivery stops where a test wants it. */
export const createGate = () => {
  let isHeld: (request: string) => boolean = () => false;
  let arrive = (): void => undefined;
  let open = Promise.resolve();
  let release = (): void => undefined;
  return {
    /** @returns resolves once it holds a request */
    hold: (which: (request: string) => boolean = () => true) => {
      isHeld = which;
      open = new Promise((resolve) => {
        release = resolve;
      });
      return new Promise<void>((resolve) => {
        arrive = resolve;
      });
    },
    letGo: () => {
      isHeld = () => false;
      release();
    },
    pass: async (request: string | undefined) => {
      if (!isHeld(request ?? "")) return;
      arrive();
      await open;
    },
  };
};

/** A function whose invocations pass the gate first, with the request's body. */
export const gated =
  (gate: ReturnType<typeof createGate>, build: Build): Build =>
  (runtime) => {
    const handler = build(runtime);
    return async (event, context) => {
      await gate.pass((event as { readonly body?: string }).body);
      return handler(event, context);
    };
  };

/** Matches the request that signs one part. */
export const signingOf =
  (partNumber: number) =>
  (body: string): boolean =>
    body.replace("}", ",}").includes(`"part_number":${partNumber},`);
