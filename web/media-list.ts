import { createMediaRow, type RowActions } from "./media-row.ts";
import type { MediaItem } from "./media.ts";

interface ListOptions extends RowActions {
  readonly list: HTMLElement;
  /** Shown while the list is empty. */
  readonly empty: HTMLElement;
}

/** The list of media and their jobs. */
export const createMediaList = ({ list, empty, ...actions }: ListOptions) => {
  const rows = new Map<string, ReturnType<typeof createMediaRow>>();

  const add = (item: MediaItem) => {
    const row = createMediaRow(item, actions);
    list.append(row.root);
    return row;
  };

  return {
    /** Shows an item as it is now, perhaps with a new id; undefined: it is gone. */
    show: (id: string, item: MediaItem | undefined): void => {
      const row = rows.get(id);
      rows.delete(id);
      if (!item) row?.root.remove();
      else {
        const shown = row ?? add(item);
        rows.set(item.id, shown);
        shown.show(item);
      }
      empty.hidden = rows.size > 0;
    },
    /** Moves the keyboard focus to an item's job id. */
    focusJobId: (id: string): void => {
      rows.get(id)?.jobId.focus();
    },
    /** Moves the keyboard focus to the button that uploads an item which is held back. */
    focusUploadAnyway: (id: string): void => {
      rows.get(id)?.uploadAnyway.focus();
    },
  };
};
