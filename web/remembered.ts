import type { MediaItem } from "./media.ts";

/** Media that is being delivered: what is needed to follow it again after a reload. */
export interface Remembered extends Pick<MediaItem, "id" | "name" | "sizeBytes" | "jobId"> {
  /** Uppy's id of the uploaded file, until the person chooses the same file again. */
  readonly fileId?: string | undefined;
}

const MOST = 50;

/** Uploaded media in the browser's local storage, by connection. Without local storage nothing is remembered. */
export const createRemembered = (connectionId: string) => {
  const name = `cielo24-proxy deliveries ${connectionId}`;
  const read = (): readonly Remembered[] => {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "[]") as Remembered[];
    } catch {
      return [];
    }
  };
  const write = (media: readonly Remembered[]) => {
    try {
      localStorage.setItem(name, JSON.stringify(media.slice(-MOST)));
    } catch {
      // Local storage is full or forbidden. The rest of the page works.
    }
  };
  const without = (id: string) => read().filter((each) => each.id !== id);
  return {
    all: read,
    /** Calls back when another tab has changed what is remembered. */
    onChangeElsewhere: (callback: () => void): void => {
      addEventListener("storage", ({ key }) => {
        if (key === name) callback();
      });
    },
    add: ({ id, name: title, sizeBytes, jobId, fileId }: Remembered): void => {
      write([...without(id), { id, name: title, sizeBytes, jobId, fileId }]);
    },
    /** Whether Uppy's file was uploaded. */
    hasFile: (fileId: string): boolean => read().some((each) => each.fileId === fileId),
    /** The file was chosen again, so it no longer counts as uploaded. */
    releaseFile: (fileId: string): void => {
      write(read().map((each) => (each.fileId === fileId ? { ...each, fileId: undefined } : each)));
    },
    remove: (id: string): void => {
      write(without(id));
    },
  };
};
