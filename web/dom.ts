/** An element with these properties and children. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Tag] => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export const quietButton = (textContent: string, onClick: () => void): HTMLButtonElement => {
  const button = element("button", { type: "button", className: "quiet", textContent });
  button.addEventListener("click", onClick);
  return button;
};

/** The page's element with this id. @throws if there is none */
export const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`No element #${id}`);
  return found;
};
