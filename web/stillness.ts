import type { MediaItem, MediaStore } from "./media.ts";

const STILL_MS = 10_000;

interface Watched {
  readonly uploaded: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Marks uploads of which nothing has moved for ten seconds, so that a number that stands still is not taken for one that
 * grows. The client tells, too, what it waits for; on a slow or frozen connection it may not know yet.
 *
 * @returns to be called with each change of an item
 */
export const createStillness = (media: Pick<MediaStore, "change">) => {
  const watched = new Map<string, Watched>();

  const begin = (id: string, uploaded: number) => {
    const timer = setTimeout(() => {
      media.change(id, { isStill: true });
    }, STILL_MS);
    watched.set(id, { uploaded, timer });
  };

  return (id: string, item: MediaItem | undefined): void => {
    const last = watched.get(id);
    // A renamed item comes with its old id for the last time.
    const { phase, uploaded = 0, isStill = false } = item?.id === id ? item : {};
    if (phase === "uploading" && uploaded === last?.uploaded) return;
    clearTimeout(last?.timer);
    watched.delete(id);
    if (phase === "uploading") begin(id, uploaded);
    if (isStill) media.change(id, { isStill: false });
  };
};
