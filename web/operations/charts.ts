import { element } from "../dom.ts";
import { createKeyedList, setText } from "./keyed-list.ts";
import type { Rate, Reason } from "./snapshot.ts";
import { formatCount, metricWords } from "./words.ts";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 24;
const BAR = 2;

/** A bar for each value, as one path; the highest is as high as the chart. */
const barsOf = (values: readonly number[]): string => {
  const highest = Math.max(...values, 1);
  return values
    .map((value, at) => {
      const height = value === 0 ? 0 : Math.max((value / highest) * HEIGHT, 1.5);
      return height === 0 ? "" : `M${at * BAR},${HEIGHT}v-${height.toFixed(1)}h${BAR - 0.4}V${HEIGHT}z`;
    })
    .join("");
};

/** Each metric with its number of the last hour, and a bar for each minute of it. */
export const createRates = (list: HTMLElement) =>
  createKeyedList<Rate>(list, {
    key: ({ metric }) => metric,
    make: ({ metric, perMinute }) => {
      const value = element("span", { className: "value" });
      const day = element("span", { className: "quiet-text" });
      const path = document.createElementNS(SVG, "path");
      const chart = document.createElementNS(SVG, "svg");
      chart.setAttribute("viewBox", `0 0 ${perMinute.length * BAR} ${HEIGHT}`);
      chart.setAttribute("preserveAspectRatio", "none");
      // The numbers beside it say the same.
      chart.setAttribute("aria-hidden", "true");
      chart.append(path);
      const root = element("li", { className: "rate" }, [
        element("span", { textContent: metricWords(metric) }),
        value,
        chart,
        day,
      ]);
      root.dataset["metric"] = metric;
      return {
        root,
        show: ({ lastHour, lastDay, perMinute: minutes, isBytes }) => {
          setText(value, formatCount(lastHour, isBytes));
          setText(day, `24 h: ${formatCount(lastDay, isBytes)}`);
          path.setAttribute("d", barsOf(minutes));
        },
      };
    },
  });

/** How often each reason was given, the most frequent first. */
export const createReasons = (list: HTMLElement, empty: HTMLElement) => {
  let highest = 1;
  const show = createKeyedList<Reason>(list, {
    key: ({ is, reason }) => `${is} ${reason}`,
    empty,
    make: ({ is, reason }) => {
      const value = element("span", { className: "value" });
      const bar = element("meter", { min: 0 });
      bar.setAttribute("aria-label", `${is === "waits" ? "Waited" : "Rejected"}: ${reason}`);
      const root = element("li", { className: "bar" }, [
        element("span", { textContent: is === "waits" ? metricWords(reason) : reason }),
        element("span", { className: "quiet-text", textContent: is === "waits" ? "waited" : "rejected" }),
        value,
        bar,
      ]);
      return {
        root,
        show: ({ count }) => {
          setText(value, formatCount(count, false));
          bar.max = highest;
          bar.value = count;
        },
      };
    },
  });
  return (reasons: readonly Reason[]): void => {
    highest = Math.max(...reasons.map(({ count }) => count), 1);
    show(reasons);
  };
};
