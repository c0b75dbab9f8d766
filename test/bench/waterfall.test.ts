import { expect, it } from "@jest/globals";
import { drawWaterfall } from "../../bench/latency/waterfall.ts";

it("A waterfall shows when a connection is opened, a request sent and its response awaited", () => {
  const request = { connection: 1, openedAt: undefined };
  const lines = drawWaterfall("cold", {
    taskIdMs: 70.4,
    endMs: 72,
    connections: 2,
    requests: [
      { ...request, service: "s3", request: "GET object", requestedAt: 0, requestEndedAt: 0, respondedAt: 10 },
      {
        ...request,
        service: "cielo24",
        request: "POST job/add_media",
        openedAt: 12,
        requestedAt: 20,
        requestEndedAt: 50,
        respondedAt: 70.4,
      },
      { ...request, service: "s3", request: "HEAD object", requestedAt: 30, requestEndedAt: 30, respondedAt: 55 },
    ],
  });
  expect(lines).toEqual([
    "cold: TaskId after 70 ms, end after 72 ms; 3 requests, 2 new connections; a column is 1 ms",
    ` 1 s3             GET object                   0 to   10 |=${"-".repeat(10)}`,
    ` 2 cielo24        POST job/add_media          20 to   70 |${" ".repeat(12)}${".".repeat(8)}${"=".repeat(31)}${"-".repeat(20)}`,
    ` 1 s3             HEAD object                 30 to   55 |${" ".repeat(30)}=${"-".repeat(25)}`,
  ]);
});
