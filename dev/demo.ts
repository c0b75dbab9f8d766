import { runTour } from "./tour.ts";

/**
 * `npm run demo`: the tour through every route of the proxy. Exits with 1 if any step fails. Whoever forked this process
 * hears of each call that a function made: test/roles compares them with the functions' roles.
 */
const failures = await runTour({ onFunctionCall: (call) => process.send?.(call) });
process.exitCode = failures === 0 ? 0 : 1;
