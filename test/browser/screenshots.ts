import { fileURLToPath } from "node:url";

/** Ignored by git, and emptied by each run. */
export const SCREENSHOTS = fileURLToPath(new URL("../../.local/screenshots/", import.meta.url));
