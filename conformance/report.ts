import type { Result, Verdict } from "./ask.ts";

/** The report as a page, with everything that was found. */
export const renderReport = ({
  baseUrl,
  date,
  results,
}: {
  readonly baseUrl: string;
  readonly date: string;
  readonly results: readonly Result[];
}): string => `# What ${baseUrl} did on ${date.slice(0, 10)}

${summarize(results)}

${results.map(renderResult).join("\n\n")}
`;

/** `18 as assumed, 1 other than assumed, 3 not answered` */
export const summarize = (results: readonly Result[]): string => {
  const verdicts: readonly Verdict[] = ["as assumed", "other than assumed", "not answered"];
  return verdicts
    .map((verdict) => `${results.filter((result) => result.verdict === verdict).length} ${verdict}`)
    .join(", ");
};

const renderResult = ({ question, verdict, finding, why }: Result): string =>
  [
    `## ${question.id}: ${verdict}`,
    "",
    question.asks,
    "",
    `- Assumed: ${question.assumed} (${question.stands.join(", ")})`,
    ...(why === undefined ? [] : [`- Not answered: ${why}`]),
    ...(finding ? [`- Answer: ${finding.answer}`, ...finding.evidence.map((line) => `  - ${line}`)] : []),
    ...(finding?.change === undefined ? [] : [`- To change: ${finding.change}`]),
    ...(finding?.beyondSimulator === undefined
      ? []
      : [`- The simulated cielo24 cannot do this: ${finding.beyondSimulator}`]),
  ].join("\n");
