import { GetFunctionConfigurationCommand, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { ABOUT_JOBS } from "../log.ts";
import { DEPLOY, failed, ok, type Check } from "./check.ts";

const FOLDERS = [...ABOUT_JOBS, "health"];

export const FUNCTION_CHECKS: readonly Check[] = [
  {
    name: "functions",
    isOnlyOnAws: true,
    look: async ({ lambda, functionName }) => {
      const answers = await Promise.all(
        FOLDERS.map((folder) =>
          lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName(folder) })),
        ),
      );
      const wrong = answers.filter(
        ({ State = "Active", LastUpdateStatus = "Successful" }) =>
          State === "Failed" || State === "Inactive" || LastUpdateStatus === "Failed",
      );
      return wrong.length === 0
        ? ok(`all ${FOLDERS.length} can run`)
        : failed(
            wrong
              .map(({ FunctionName, StateReason, LastUpdateStatusReason }) => {
                const reason = StateReason ?? LastUpdateStatusReason ?? "no reason given";
                return `${FunctionName} cannot run: ${reason}`;
              })
              .join(". "),
            DEPLOY,
          );
    },
  },
  {
    name: "event-source",
    isOnlyOnAws: true,
    look: async ({ lambda, functionName, outputs: { MediaQueueArn } }) => {
      const FunctionName = functionName("deliver-media");
      const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
      const own = EventSourceMappings.find(({ EventSourceArn }) => EventSourceArn === MediaQueueArn);
      if (!own) return failed("deliver-media takes no messages from the queue: nothing is delivered.", DEPLOY);
      return own.State === "Enabled" || own.State === "Updating"
        ? ok("deliver-media takes the queue's messages")
        : failed(
            `deliver-media does not take the queue's messages: its event source is ${own.State}.`,
            `aws lambda update-event-source-mapping --enabled --uuid ${own.UUID}`,
          );
    },
  },
];
