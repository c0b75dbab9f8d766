import { runTour } from "./tour.ts";

/** `npm run demo`: the tour through every route of the proxy. Exits with 1 if any step fails. */
process.exitCode = (await runTour()) === 0 ? 0 : 1;
