/** Holds back what passes it until it is let go, so that an upload or a delivery stands where a test wants it. */
export const createGate = () => {
  let isHeld: (request: string) => boolean = () => false;
  let arrive = (): void => undefined;
  let open = Promise.resolve();
  let release = (): void => undefined;
  return {
    /** @returns resolves once there is something to hold */
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

/** The signing of one part. */
export const signingOf =
  (partNumber: number) =>
  (body: string): boolean =>
    body.replace("}", ",}").includes(`"part_number":${partNumber},`);
