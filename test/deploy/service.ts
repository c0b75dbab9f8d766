import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** What a deployment reads. */
const DEPLOYED = ["serverless.yml", "params.example.yml", "package.json", "resources", "scripts", "functions", "lib"];

/** A copy of the project, as an operator's checkout: with parameters, and code that may be changed. */
export interface Service {
  /** Sets parameters in `params.yml` for all stages. Those that are not named keep their values. */
  readonly setParameters: (values: Readonly<Record<string, string>>) => Promise<void>;
  /** Replaces a text in one file. @throws where the text is not there */
  readonly edit: (file: string, from: string, to: string) => Promise<void>;
  /** The zip of a function, by its folder. */
  readonly readZip: (name: string) => Promise<Buffer>;
  /** `npm run deploy -- --stage <stage>`. Resolves to what it printed. @throws where it fails, with that */
  readonly deploy: (stage: string) => Promise<string>;
  /** `npx serverless remove --stage <stage>`, likewise. */
  readonly remove: (stage: string) => Promise<string>;
}

/** Copies the project into a folder. Commands run with the variables and nothing else of this process's, but its PATH. */
export const copyService = async (folder: string, env: Readonly<Record<string, string>>): Promise<Service> => {
  for (const file of DEPLOYED) await cp(join(PROJECT, file), join(folder, file), { recursive: true });
  await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));

  const edit = async (file: string, from: string | RegExp, to: string): Promise<void> => {
    const before = await readFile(join(folder, file), "utf8");
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`${file} has no ${String(from)}`);
    await writeFile(join(folder, file), after);
  };
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      // The framework asks every five seconds whether CloudFormation is done.
      env: { ...env, PATH: process.env["PATH"], HOME: folder, SLS_AWS_MONITORING_FREQUENCY: "200" },
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    if (child.exitCode !== 0)
      throw new Error(
        `${command} ${args.join(" ")} failed (${child.exitCode ?? child.signalCode ?? ""}):\n${out}${err}`,
      );
    return out + err;
  };

  await cp(join(folder, "params.example.yml"), join(folder, "params.yml"));
  return {
    setParameters: async (values) => {
      for (const [name, value] of Object.entries(values)) {
        const line = new RegExp(`^ {2}${name}: .*$`, "mg");
        const file = await readFile(join(folder, "params.yml"), "utf8");
        if (!line.test(file)) throw new Error(`There is no parameter ${name}`);
        await writeFile(
          join(folder, "params.yml"),
          file.replace(line, () => `  ${name}: ${value}`),
        );
      }
    },
    edit,
    readZip: (name) => readFile(join(folder, "dist", `${name}.zip`)),
    deploy: (stage) => run("npm", ["run", "--silent", "deploy", "--", "--stage", stage]),
    remove: (stage) => run(join(PROJECT, "node_modules/.bin/serverless"), ["remove", "--stage", stage]),
  };
};
