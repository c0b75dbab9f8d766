/** A list that shows items anew again and again: what stays keeps its element, and with it focus and selection. */
export const createKeyedList = <Item>(
  list: HTMLElement,
  {
    key,
    make,
    empty,
  }: {
    readonly key: (item: Item) => string;
    /** Makes an entry, and says how it shows an item of the same key. */
    readonly make: (item: Item) => { readonly root: HTMLElement; readonly show: (item: Item) => void };
    /** Shown while the list is empty. */
    readonly empty?: HTMLElement;
  },
) => {
  const entries = new Map<string, ReturnType<typeof make>>();
  return (items: readonly Item[]): void => {
    const wanted = new Set(items.map(key));
    for (const [each, { root }] of entries)
      if (!wanted.has(each)) {
        root.remove();
        entries.delete(each);
      }
    let next = list.firstElementChild;
    for (const item of items) {
      const entry = entries.get(key(item)) ?? make(item);
      entries.set(key(item), entry);
      if (entry.root === next) next = next.nextElementSibling;
      else list.insertBefore(entry.root, next);
      entry.show(item);
    }
    if (empty) empty.hidden = items.length > 0;
  };
};

/** Changes a text only if it is another one, so that a selection in it stays. */
export const setText = (element: HTMLElement, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};
