import type { Medium } from "./media.ts";

/** A medium that is on its way to cielo24: enough to find out, after a reload, what became of it. */
export interface Remembered extends Pick<Medium, "id" | "name" | "sizeBytes" | "jobId"> {
  /** Uppy's id of the file that was uploaded, until the person chooses the same file anew. */
  readonly fileId?: string | undefined;
}

const MOST = 50;

/** Media that were uploaded, in the browser's store and by the address of their API. Without a store nothing is kept. */
export const createRemembered = (apiUrl: string) => {
  const name = `cielo24-proxy deliveries ${apiUrl}`;
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
      // A full or forbidden store: the page works, but for this.
    }
  };
  const without = (id: string) => read().filter((each) => each.id !== id);
  return {
    all: read,
    add: ({ id, name: title, sizeBytes, jobId, fileId }: Remembered): void => {
      write([...without(id), { id, name: title, sizeBytes, jobId, fileId }]);
    },
    /** Whether Uppy's file is one that was uploaded. */
    hasFile: (fileId: string): boolean => read().some((each) => each.fileId === fileId),
    /** The file is chosen anew, and what is remembered of it no longer about it. */
    releaseFile: (fileId: string): void => {
      write(read().map((each) => (each.fileId === fileId ? { ...each, fileId: undefined } : each)));
    },
    remove: (id: string): void => {
      write(without(id));
    },
  };
};
