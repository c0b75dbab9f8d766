export interface PackageOptions {
  readonly stage: string;
  readonly isDeploy: boolean;
  /** `--param name=value`: what takes precedence over the parameters' file. */
  readonly params: Readonly<Record<string, string>>;
  /** Everything but `--stage` and `--deploy`, for the framework. */
  readonly rest: readonly string[];
}

/** Reads the command line: `[--deploy] [--stage <stage>] [whatever the framework takes]`. */
export const readOptions = (argv: readonly string[]): PackageOptions => {
  const params: Record<string, string> = {};
  const rest: string[] = [];
  let stage = "dev";
  let isDeploy = false;
  const left = argv.flatMap((argument) => splitAssignment(argument));
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    if (argument === "--deploy") isDeploy = true;
    else if (argument === "--stage" || argument === "-s") stage = valueOf(argument, left);
    else if (argument === "--param") {
      const assignment = valueOf(argument, left);
      const [name = "", ...value] = assignment.split("=");
      params[name] = value.join("=");
      rest.push(argument, assignment);
    } else rest.push(argument);
  }
  if (!/^[a-z][a-z0-9-]*$/.test(stage)) throw new Error("A stage is named with lower-case letters, digits and hyphens");
  return { stage, isDeploy, params, rest };
};

/** `--stage=dev` is `--stage dev`. */
const splitAssignment = (argument: string): string[] => {
  const [, name, value] = /^(--(?:stage|param))=(.*)$/.exec(argument) ?? [];
  return name === undefined || value === undefined ? [argument] : [name, value];
};

const valueOf = (option: string, left: string[]): string => {
  const value = left.shift();
  if (value === undefined) throw new Error(`${option} needs a value`);
  return value;
};
