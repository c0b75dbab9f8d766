/**
 * Settles as what is waited for, or with the signal's reason as soon as there is one: for what an application gives and
 * cannot be told to end.
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
