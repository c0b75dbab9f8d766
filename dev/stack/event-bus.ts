import { randomUUID } from "node:crypto";
import { actionService, AwsJsonError, type AwsService } from "./aws-json.ts";

/** An event as it was put on the bus. */
export interface BusEvent {
  readonly busName: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** EventBridge with one bus, which records its events. */
export interface EventBus {
  readonly service: AwsService;
  readonly name: string;
  readonly events: BusEvent[];
  /** Makes the next entries fail; like EventBridge, it reports that inside a 200. */
  readonly refuseNext: (entries: number) => void;
}

interface Entry {
  readonly EventBusName?: string;
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
}

const MAX_ENTRIES = 10;

export const createEventBus = (onEvent: (event: BusEvent) => void = () => undefined): EventBus => {
  const name = "cielo24-proxy-local";
  const events: BusEvent[] = [];
  let refusals = 0;

  const put = (entry: Entry) => {
    if (refusals > 0) {
      refusals -= 1;
      return { ErrorCode: "InternalException", ErrorMessage: "The event could not be put" };
    }
    if (!entry.Source || !entry.DetailType || !entry.Detail)
      return { ErrorCode: "InvalidArgument", ErrorMessage: "Source, DetailType and Detail are mandatory" };
    const detail = parseDetail(entry.Detail);
    if (!detail) return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
    const event = {
      busName: entry.EventBusName ?? "default",
      source: entry.Source,
      detailType: entry.DetailType,
      detail,
    };
    // As in AWS, an event for a bus that does not exist is accepted and lost.
    if (event.busName === name) {
      events.push(event);
      onEvent(event);
    }
    return { EventId: randomUUID() };
  };

  return {
    name,
    events,
    refuseNext: (entries) => {
      refusals = entries;
    },
    service: actionService({
      PutEvents: ({ Entries: entries }: { Entries: Entry[] }) => {
        if (entries.length < 1 || entries.length > MAX_ENTRIES)
          throw new AwsJsonError("ValidationException", `Entries must have 1 to ${MAX_ENTRIES} members`);
        const results = entries.map(put);
        return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
      },
    }),
  };
};

const parseDetail = (detail: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(detail);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
