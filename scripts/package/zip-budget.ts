/** What a function's zip may weigh, in KiB: Lambda fetches and unpacks it before every cold start. */
export const zipBudgetKiB = (functionName: string): number => (functionName === "deliver-media" ? 230 : 150);
