import type { Scenario } from "./scenario.ts";

export const LARGE_SCENARIOS: readonly Scenario[] = [];
