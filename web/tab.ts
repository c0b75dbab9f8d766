import { formatPercent } from "../client/words.ts";
import type { MediaItem } from "./media.ts";
import { isStandingStill } from "./words.ts";

/**
 * What the browser's tab tells while files go up: how far all of them are, in its title, and a question before it is closed
 * in the middle.
 *
 * @returns to be called with all items and the share of all files that is uploaded, 0 to 1, after each change
 */
export const createTab = () => {
  const ownTitle = document.title;
  let isAsking = false;
  const ask = (event: Event) => {
    event.preventDefault();
  };
  return (items: readonly MediaItem[], uploaded: number): void => {
    const uploading = items.filter(({ phase }) => phase === "uploading");
    // Only while it may ask: a page that listens may not be kept for "back" by the browser.
    if (uploading.length > 0 && !isAsking) addEventListener("beforeunload", ask);
    if (uploading.length === 0 && isAsking) removeEventListener("beforeunload", ask);
    isAsking = uploading.length > 0;

    const isPaused = !isAsking && items.some(({ phase }) => phase === "paused");
    const state = isPaused ? "Paused" : uploading.every(isStandingStill) ? "Waiting" : "";
    const share = [state, formatPercent(uploaded)].filter((part) => part !== "").join(" ");
    const title = isAsking || isPaused ? `${share} · ${ownTitle}` : ownTitle;
    if (document.title !== title) document.title = title;
  };
};
