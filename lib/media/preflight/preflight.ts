import { hasBoxes, learnFromBoxes } from "./boxes.ts";
import { withinBudget, type LookedAt, type MediaBytes, type PreflightBudget } from "./bytes.ts";
import type { Learning, MediaFacts } from "./facts.ts";
import { learnFromLibrary } from "./library.ts";
import { nameNotMedia } from "./not-media.ts";

export type { MediaBytes, PreflightBudget } from "./bytes.ts";
export type { MediaFacts } from "./facts.ts";
export { judge, type MediaVerdict, type PreflightRules } from "./verdict.ts";

const DEFAULT_BUDGET: PreflightBudget = { bytes: 2 * 1024 * 1024, requests: 12 };
/** As much as the reader brings at once, anyway. */
const BEGINNING_BYTES = 16 * 1024;

/**
 * What `media` is and holds, and whether it is whole, from a few small reads. Never rejects: every doubt, every failure to
 * read and a spent budget give fewer facts, at worst none. How long it may take is up to `media`, whose `read` rejects
 * when the time is over. Needs nothing but what browsers have, too.
 */
export const lookAt = async (media: MediaBytes, budget = DEFAULT_BUDGET): Promise<MediaFacts> => {
  const facts: Learning = {};
  try {
    await learn(withinBudget(media, budget), facts);
  } catch {
    // What was learned stays.
  }
  return facts;
};

const learn = async (look: LookedAt, facts: Learning): Promise<void> => {
  if (look.sizeBytes === 0) return;
  const beginning = await look.read(0, Math.min(BEGINNING_BYTES, look.sizeBytes));
  if (hasBoxes(beginning)) return learnFromBoxes(look, facts);
  if (await learnFromLibrary(look, beginning, facts)) return;
  const notMedia = await nameNotMedia(look, beginning);
  if (notMedia !== undefined) facts.notMedia = notMedia;
};
