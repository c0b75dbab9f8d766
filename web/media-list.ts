import { createMediaRow, type RowActions } from "./media-row.ts";
import type { Medium } from "./media.ts";

interface ListOptions extends RowActions {
  readonly list: HTMLElement;
  /** Stands in for the list while there is nothing in it. */
  readonly empty: HTMLElement;
}

/** The list of media and their jobs. */
export const createMediaList = ({ list, empty, ...actions }: ListOptions) => {
  const rows = new Map<string, ReturnType<typeof createMediaRow>>();

  const add = (medium: Medium) => {
    const row = createMediaRow(medium, actions);
    list.append(row.root);
    return row;
  };

  return {
    /** Shows a medium as it is now, perhaps under another id; undefined: it is gone. */
    show: (id: string, medium: Medium | undefined): void => {
      const row = rows.get(id);
      rows.delete(id);
      if (!medium) row?.root.remove();
      else {
        const shown = row ?? add(medium);
        rows.set(medium.id, shown);
        shown.show(medium);
      }
      empty.hidden = rows.size > 0;
    },
    /** Puts the keyboard into the field of a medium's job. */
    focusJobId: (id: string): void => {
      rows.get(id)?.jobId.focus();
    },
  };
};
