import { fileURLToPath } from "node:url";

/** What git ignores. Emptied by each run. */
export const SCREENSHOTS = fileURLToPath(new URL("../../.local/screenshots/", import.meta.url));
