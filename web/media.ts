import type { Delivery, Waiting } from "../client/index.ts";
import type { FileLook } from "./look.ts";

/** What went wrong, and what the person can do about it. */
export interface Problem {
  readonly text: string;
  readonly next: string;
  /** The job id is what needs to be corrected. */
  readonly isAboutJob?: boolean;
}

/** One entry of the page's list: a file of Uppy's or a URL, with its job. */
export interface MediaItem {
  /** Uppy's file id until the file is uploaded. */
  readonly id: string;
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly jobId: string;
  /** "elsewhere": another tab uploads it. */
  readonly phase: "chosen" | "uploading" | "elsewhere" | "paused" | "failed" | "delivering" | "delivered" | "ended";
  /** What is in the file, once it was looked into. */
  readonly look?: FileLook;
  /** The person wants it to be uploaded, whatever the look has found. */
  readonly isOverruled?: boolean;
  /** The share that is uploaded, 0 to 1. */
  readonly uploaded?: number;
  /** Why the upload, or the question for the delivery, stands still. It goes on by itself. */
  readonly waiting?: Waiting | undefined;
  /** The latest from `/api/job/delivery`. */
  readonly delivery?: Omit<Delivery, "taskId"> & { readonly taskId?: string | undefined };
  readonly problem?: Problem | undefined;
}

export interface MediaStore {
  readonly all: () => readonly MediaItem[];
  readonly get: (id: string) => MediaItem | undefined;
  readonly put: (item: MediaItem) => void;
  /** Changes an item. Does nothing if there is none, or none any more. */
  readonly change: (id: string, change: Partial<MediaItem>) => void;
  /** Gives an item another id, and replaces the item that had it. */
  readonly rename: (id: string, newId: string) => void;
  readonly remove: (id: string) => void;
}

/** All items of the page. `onChange` is called after each change: once renamed, with the old id; once removed, without an item. */
export const createMediaStore = (onChange: (id: string, item: MediaItem | undefined) => void): MediaStore => {
  const items = new Map<string, MediaItem>();
  const put = (item: MediaItem) => {
    items.set(item.id, item);
    onChange(item.id, item);
  };
  const remove = (id: string) => {
    if (items.delete(id)) onChange(id, undefined);
  };
  return {
    all: () => [...items.values()],
    get: (id) => items.get(id),
    put,
    change: (id, change) => {
      const item = items.get(id);
      if (item) put({ ...item, ...change });
    },
    rename: (id, newId) => {
      const item = items.get(id);
      if (!item) return;
      remove(newId);
      items.delete(id);
      const renamed = { ...item, id: newId };
      items.set(newId, renamed);
      onChange(id, renamed);
    },
    remove,
  };
};
