/**
 * Settles like `waited`, or rejects with the signal's reason as soon as it aborts. For the application's own promises,
 * which take no signal.
 */
export const orAborted = <T>(waited: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason, as fetch does
      reject(signal?.reason);
    };
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end, { once: true });
    Promise.resolve(waited)
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener("abort", end));
  });

/** @throws the signal's reason */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  let timer: ReturnType<typeof setTimeout>;
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return orAborted(pause, signal).finally(() => {
    clearTimeout(timer);
  });
};
