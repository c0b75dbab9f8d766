/** What the person is told, and what they can do about it. */
export interface Problem {
  readonly text: string;
  readonly next: string;
  /** The job's id is what they would correct. */
  readonly isAboutJob?: boolean;
}

/** How far cielo24 has got, as `/api/job/delivery` says. */
export interface Delivery {
  readonly state: string;
  readonly taskId?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly sentBytes: number;
  /** What it waits for, by itself. */
  readonly waiting?: { readonly comment: string } | undefined;
}

/** One medium on the page: a file of Uppy's or an address, and its job. */
export interface Medium {
  /** Uppy's, for a file that is not uploaded yet. */
  readonly id: string;
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly jobId: string;
  readonly phase: "chosen" | "uploading" | "paused" | "failed" | "delivering" | "delivered" | "ended";
  /** Share that is uploaded, 0 to 1. */
  readonly uploaded?: number;
  readonly delivery?: Delivery;
  readonly problem?: Problem | undefined;
}

export interface MediaStore {
  readonly all: () => readonly Medium[];
  readonly get: (id: string) => Medium | undefined;
  readonly put: (medium: Medium) => void;
  /** Changes a medium; nothing happens where there is none (any more). */
  readonly change: (id: string, change: Partial<Medium>) => void;
  /** Gives a medium another id, in place of the medium that had it. */
  readonly rename: (id: string, newId: string) => void;
  readonly remove: (id: string) => void;
}

/** All media of the page. `onChange` is called after each change: with the new id after a renaming, without a medium once it is gone. */
export const createMedia = (onChange: (id: string, medium: Medium | undefined) => void): MediaStore => {
  const media = new Map<string, Medium>();
  const put = (medium: Medium) => {
    media.set(medium.id, medium);
    onChange(medium.id, medium);
  };
  const remove = (id: string) => {
    if (media.delete(id)) onChange(id, undefined);
  };
  return {
    all: () => [...media.values()],
    get: (id) => media.get(id),
    put,
    change: (id, change) => {
      const medium = media.get(id);
      if (medium) put({ ...medium, ...change });
    },
    rename: (id, newId) => {
      const medium = media.get(id);
      if (!medium) return;
      remove(newId);
      media.delete(id);
      const renamed = { ...medium, id: newId };
      media.set(newId, renamed);
      onChange(id, renamed);
    },
    remove,
  };
};
