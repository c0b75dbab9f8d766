import { byId } from "./element.ts";
import type { Problem } from "./media.ts";

/** The form for media that cielo24 fetches itself. `onAdd` gets an address that looks like one. */
export const createUrlForm = (onAdd: (mediaUrl: string) => void): void => {
  const form = byId("by-url") as HTMLFormElement;
  const input = byId("media-url") as HTMLInputElement;
  const problem = byId("media-url-problem");

  const show = (found: Problem | undefined) => {
    problem.hidden = !found;
    problem.textContent = found ? `${found.text} ${found.next}` : "";
    if (found) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };

  input.addEventListener("input", () => {
    show(undefined);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const mediaUrl = input.value.trim();
    if (!URL.canParse(mediaUrl) || !/^https?:$/.test(new URL(mediaUrl).protocol)) {
      show({ text: "That is no web address.", next: "Give one that starts with https://." });
      input.focus();
      return;
    }
    input.value = "";
    onAdd(mediaUrl);
  });
};
