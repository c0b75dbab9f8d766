import type { Delivery } from "./measured.ts";

const COLUMNS = 72;

/**
 * The requests of one delivery over time, as lines of text: `.` from the opening of a connection to its first request, `=`
 * while the request is sent and `-` while its response is awaited.
 */
export const drawWaterfall = (title: string, { taskIdMs, endMs, requests, connections }: Delivery): string[] => {
  const msPerColumn = Math.ceil(endMs / COLUMNS);
  const columnOf = (ms: number) => Math.max(0, Math.min(COLUMNS - 1, Math.floor(ms / msPerColumn)));
  /** Connections of each service have numbers of their own; here, they are counted through. */
  const numbers = new Map<string, number>();
  const lines = requests.map(({ service, connection, request, openedAt, ...times }) => {
    const name = `${service} ${connection}`;
    const number = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, number);
    const { requestedAt, requestEndedAt, respondedAt = endMs } = times;
    const bar = Array.from({ length: COLUMNS }, () => " ");
    const fill = (from: number, to: number, mark: string) => bar.fill(mark, columnOf(from), columnOf(to) + 1);
    if (openedAt !== undefined) fill(openedAt, requestedAt, ".");
    fill(requestEndedAt, respondedAt, "-");
    fill(requestedAt, requestEndedAt, "=");
    const ms = `${requestedAt.toFixed(0).padStart(5)} to ${respondedAt.toFixed(0).padStart(4)}`;
    return `${String(number).padStart(2)} ${service.padEnd(14)} ${request.padEnd(24)} ${ms} |${bar.join("").trimEnd()}`;
  });
  return [
    `${title}: TaskId after ${taskIdMs.toFixed(0)} ms, end after ${endMs.toFixed(0)} ms; ` +
      `${requests.length} requests, ${connections} new connections; a column is ${msPerColumn} ms`,
    ...lines,
  ];
};
