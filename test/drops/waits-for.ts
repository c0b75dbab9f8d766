import type { Action } from "./prove.ts";

/** What does not end as it should yet, by client: the product is being taught it. An entry that is no longer true fails. */
export const waitsFor: Readonly<Record<string, readonly Action[]>> = {};
