import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { checkParams } from "../../scripts/package/check.ts";
import { EXAMPLE_PARAMS, readSections } from "../../scripts/package/params.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The numbers of the stage `prod`, from the files that are deployed, with the example's parameters. */
export const readStage = () => {
  const example = readSections(root, EXAMPLE_PARAMS);
  const { values } = checkParams(
    example,
    example,
    { stage: "prod", params: new Map(), isDeploy: false },
    EXAMPLE_PARAMS,
  );
  const number = (name: string): number => {
    if (typeof values[name] !== "number") throw new Error(`${name} is no number in ${EXAMPLE_PARAMS}`);
    return values[name];
  };
  const yaml = (file: string) => readFileSync(`${root}/${file}`, "utf8");
  const { timeout } = (parse(yaml("functions/deliver-media/function.yml")) as { function: { timeout: number } })
    .function;
  return {
    memoryMb: number("deliverMediaMemoryMb"),
    maximumConcurrency: number("maximumConcurrency"),
    mediaRetentionDays: number("mediaRetentionDays"),
    maxMediaBytes: number("maxMediaBytes"),
    throttleRatePerS: number("throttleRatePerS"),
    longestWaitS: number("longestWaitS"),
    timeoutMs: timeout * 1000,
    alarmMetrics: yaml("resources/alarms.yml").match(/^ *MetricName:/gm)?.length ?? 0,
    compositeAlarms: yaml("resources/alarms.yml").match(/Type: AWS::CloudWatch::CompositeAlarm$/gm)?.length ?? 0,
  };
};

/** What the tables take from a stage. */
export type Stage = ReturnType<typeof readStage>;
