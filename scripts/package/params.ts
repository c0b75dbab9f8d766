import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";

const OWN_PARAMS = "params.yml";
export const EXAMPLE_PARAMS = "params.example.yml";

type Params = Readonly<Record<string, unknown>>;

/** The parameters of a stage, as the framework takes them: the stage's own before the default ones. */
export const readParams = (file: string, stage: string): Params => {
  const sections = (parse(readFileSync(file, "utf8")) ?? {}) as Record<string, Params | undefined>;
  return { ...sections["default"], ...sections[stage] };
};

/** The file that the framework takes: one's own where there is one. */
export const paramsFile = (): string => (existsSync(OWN_PARAMS) ? OWN_PARAMS : EXAMPLE_PARAMS);

/** The longest that a drop may wait: the life of a message in the dead-letter queue. */
const QUEUE_LIFE_DAYS = 14;
/** The most that the functions take, see `lib/config.ts`. */
const MOST_RETENTION_DAYS = 3650;
/** RFC 2606: nobody can own such a name. */
const PLACEHOLDER = /\.example\b/;

/** What is wrong with a stage's parameters, beyond what the framework and AWS check themselves. */
export const findFaults = (params: Params, { isDeploy }: { isDeploy: boolean }): string[] => {
  const faults: string[] = [];
  const retentionDays = Number(params["mediaRetentionDays"]);
  if (!(retentionDays >= QUEUE_LIFE_DAYS))
    faults.push(`mediaRetentionDays has to be ${QUEUE_LIFE_DAYS} at least: media must outlive its message`);
  else if (!Number.isInteger(retentionDays) || retentionDays > MOST_RETENTION_DAYS)
    faults.push(`mediaRetentionDays has to be a whole number of days, ${MOST_RETENTION_DAYS} at most`);
  if (isDeploy)
    for (const [name, value] of Object.entries(params))
      if (PLACEHOLDER.test(String(value))) faults.push(`${name} still has the example's value`);
  return faults;
};
