import { element } from "../dom.ts";
import { createKeyedList, setText } from "./keyed-list.ts";
import type { Snapshot, Speed } from "./snapshot.ts";
import { formatDuration, metricWords } from "./words.ts";

const SPEEDS = ["SecondsFromDrop", "SecondsFromSigning"];

/** How long deliveries took, how many drops were late, and what is left of the error budget. */
export const createPromise = (root: HTMLElement) => {
  const sentence = element("p", { className: "hint" });
  const budget = element("meter", { min: 0, max: 1, low: 0.25, high: 0.5, optimum: 1 });
  budget.setAttribute("aria-label", "What is left of the error budget");
  const left = element("p", { className: "budget" });
  const list = element("ul", { className: "speeds" });
  root.append(list, left, budget, sentence);
  const showSpeeds = createKeyedList<Speed>(list, {
    key: ({ metric }) => metric,
    make: ({ metric }) => {
      const value = element("span", { className: "value" });
      const item = element("li", {}, [element("span", { textContent: metricWords(metric) }), value]);
      item.dataset["metric"] = metric;
      return {
        root: item,
        show: ({ count, p50Ms, p99Ms }) => {
          setText(value, count === 0 ? "–" : `p50 ${formatDuration(p50Ms)} · p99 ${formatDuration(p99Ms)} · ${count}`);
        },
      };
    },
  });

  return ({ speeds, promise: { inTime, late, objective, burn } }: Pick<Snapshot, "speeds" | "promise">): void => {
    showSpeeds(
      SPEEDS.map(
        (metric) => speeds.find((speed) => speed.metric === metric) ?? { metric, count: 0, p50Ms: 0, p99Ms: 0 },
      ),
    );
    const drops = inTime + late;
    const allowed = drops * (1 - objective);
    const share = late === 0 ? 1 : Math.max(1 - late / allowed, 0);
    budget.value = share;
    setText(
      left,
      `Error budget: ${Math.round(share * 100)}% is left. ${late} of ${drops} drops were late in 24 hours. Burn of the last hour: ${burn.toFixed(1)}.`,
    );
    setText(
      sentence,
      `The objective, over 28 days: cielo24 has ${Math.round(objective * 100)}% of all drops within ten minutes, and a second more for each 10 MB. A burn of 1 lasts 28 days.`,
    );
  };
};
