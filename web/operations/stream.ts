import type { Snapshot } from "./snapshot.ts";

/** A stack that says nothing for so long is not there. */
const SILENCE_MS = 5_000;
const AGAIN_MS = 500;

/**
 * Hears a snapshot every half second. A connection that is lost is made again, to the same stack or to the next one at the address.
 */
export const followSnapshots = ({
  onSnapshot,
  onConnection,
}: {
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onConnection: (isLive: boolean) => void;
}) => {
  let source: EventSource | undefined;
  let job: string | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const lost = (): void => {
    onConnection(false);
    source?.close();
    clearTimeout(silence);
    // Browsers give up by themselves after some kinds of failure.
    silence = setTimeout(open, AGAIN_MS);
  };
  const open = (): void => {
    source?.close();
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
    source = new EventSource(job === undefined ? "events" : `events?job=${job}`);
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE_MS);
      onConnection(true);
      onSnapshot(JSON.parse(data) as Snapshot);
    });
    source.addEventListener("error", lost);
  };

  return {
    /** From now on, snapshots have the life of this job, too. */
    follow: (jobId: string | undefined): void => {
      if (source && job === jobId) return;
      job = jobId;
      open();
    },
  };
};
