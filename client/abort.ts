/**
 * Settles like `waited`, or rejects with the signal's reason as soon as it aborts. For the application's own promises,
 * which take no signal or may not heed it.
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
