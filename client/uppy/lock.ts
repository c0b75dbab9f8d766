/** The permission to upload for a job, which one tab of a browser has at a time. */
export interface Lock {
  /** Another tab had it first. */
  readonly wasElsewhere: boolean;
  readonly release: () => void;
}

const FREE_FOR_ALL: Lock = { wasElsewhere: false, release: () => undefined };

const nameOf = (jobId: string): string => `cielo24-proxy upload ${jobId}`;

/** Browsers have no locks for pages that came by plain HTTP from another machine: then each tab is on its own. */
const locks = (): LockManager | undefined => (navigator as { locks?: LockManager }).locks;

/**
 * Takes a job's lock, at once or when the tab that has it gives it back or is closed.
 *
 * @throws the signal's reason
 */
export const takeLock = async (
  jobId: string,
  { onElsewhere, signal }: { readonly onElsewhere: () => void; readonly signal: AbortSignal },
): Promise<Lock> => {
  try {
    const release = await request(jobId, { ifAvailable: true });
    if (release) return { wasElsewhere: false, release };
    onElsewhere();
    const later = await request(jobId, { signal });
    return { wasElsewhere: true, release: later ?? FREE_FOR_ALL.release };
  } catch {
    signal.throwIfAborted();
    // The browser has locks, but not for this page.
    return FREE_FOR_ALL;
  }
};

/** Takes a job's lock if no tab has it. */
export const takeFreeLock = async (jobId: string): Promise<Lock | undefined> => {
  try {
    const release = await request(jobId, { ifAvailable: true });
    return release && { wasElsewhere: false, release };
  } catch {
    return FREE_FOR_ALL;
  }
};

/** @returns what gives the lock back; undefined if another tab has it */
const request = (jobId: string, options: LockOptions): Promise<(() => void) | undefined> => {
  const manager = locks();
  if (!manager) return Promise.resolve(FREE_FOR_ALL.release);
  return new Promise((resolve, reject) => {
    manager
      .request(nameOf(jobId), options, (lock) => {
        if (lock)
          return new Promise<void>((release) => {
            resolve(release);
          });
        resolve(undefined);
        return undefined;
      })
      .catch(reject);
  });
};
