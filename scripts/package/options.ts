import type { Chosen } from "./check.ts";

export interface PackageOptions extends Chosen {
  /** `--aws-profile`; otherwise what the environment says. */
  readonly profile: string | undefined;
  /** Everything but `--stage` and `--deploy`, for the framework. */
  readonly rest: readonly string[];
}

/**
 * Reads the command line: `[--deploy] [--stage <stage>] [whatever the framework takes]`.
 *
 * @param env tells what npm has kept for itself: without its `--`, `npm run deploy --stage=prod` would deploy dev
 * @throws {Error} that says what is wrong
 */
export const readOptions = (
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): PackageOptions => {
  for (const name of ["stage", "region", "param"])
    if (env[`npm_config_${name}`] !== undefined) throw new Error(`npm has taken --${name} for its own. ${NPM_NEEDS}`);
  const assignments: string[] = [];
  const rest: string[] = [];
  let stage = "dev";
  let region: string | undefined;
  let profile: string | undefined;
  let isDeploy = false;
  const left = argv.flatMap((argument) => splitAssignment(argument));
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    if (argument === "--deploy") isDeploy = true;
    else if (argument === "--stage" || argument === "-s") stage = valueOf(argument, left);
    else if (argument === "--region" || argument === "-r") {
      region = valueOf(argument, left);
      rest.push(argument, region);
    } else if (argument === "--aws-profile") {
      profile = valueOf(argument, left);
      rest.push(argument, profile);
    } else if (argument === "--param") {
      const assignment = valueOf(argument, left);
      assignments.push(assignment);
      rest.push(argument, assignment);
    } else if (argument.startsWith("-") || rest.at(-1)?.startsWith("-")) rest.push(argument);
    else throw new Error(`${argument} belongs to no option. ${NPM_NEEDS}`);
  }
  return { stage, region, profile, isDeploy, params: readAssignments(assignments), rest };
};

const NPM_NEEDS = "Give options behind `--`, for instance: npm run package -- --stage prod";

/** `name=value` of each `--param`, cut as the framework cuts it; the last one of a name counts. */
export const readAssignments = (assignments: readonly (string | null)[]): ReadonlyMap<string, string> =>
  new Map(
    assignments.map((assignment) => {
      const [name = "", ...value] = (assignment ?? "").split("=");
      return [name, value.join("=").trimEnd()];
    }),
  );

/** `--stage=dev` is `--stage dev`. */
const splitAssignment = (argument: string): string[] => {
  const [, name, value] = /^(--(?:stage|region|aws-profile|param)|-[sr])=(.*)$/s.exec(argument) ?? [];
  return name === undefined || value === undefined ? [argument] : [name, value];
};

const valueOf = (option: string, left: string[]): string => {
  const value = left.shift();
  if (value === undefined) throw new Error(`${option} needs a value`);
  return value;
};
