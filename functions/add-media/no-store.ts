import type { MediaStore } from "../../lib/media/bucket.ts";

/** A call brings its media with it: this function may read no object, and never needs to. */
export const noStore: MediaStore = {
  inspect: () => Promise.reject(new Error("A call's media lies in no store")),
  body: () => {
    throw new Error("A call's media lies in no store");
  },
};
