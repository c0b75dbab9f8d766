import type { Question } from "./question.ts";
import { calls } from "./questions/calls.ts";
import { connections } from "./questions/connections.ts";
import { mediaUrls } from "./questions/media-urls.ts";
import { media } from "./questions/media.ts";
import { sessions, tokenLife } from "./questions/sessions.ts";

/** All questions, in the order in which they are asked: later ones use what earlier ones found. */
export const QUESTIONS: readonly Question[] = [
  ...sessions,
  ...calls,
  ...media,
  ...mediaUrls,
  ...connections,
  tokenLife,
];
