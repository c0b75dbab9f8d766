import { listenForInterruption } from "../../cli/interruption.ts";
import { confirm } from "../../ops/confirm.ts";
import { printError } from "../../ops/print.ts";

/** A program that asks before it does something: `ask.ts STAGE [--yes] [--confirm NAME]`. */
const [stage = "", ...words] = process.argv.slice(2);
const at = words.indexOf("--confirm");
const name = at === -1 ? undefined : words[at + 1];
const { stdin, stdout, stderr } = process;
const context = {
  program: [],
  env: {},
  stdin,
  stdout,
  stderr,
  clock: Date.now,
  interruptible: () => listenForInterruption({ note: () => undefined, close: () => undefined }),
};
try {
  const options = { yes: words.includes("--yes"), ...(name === undefined ? {} : { confirm: name }) };
  await confirm(context, { stage, plan: ["Deletes 3 versions."], ...options });
  stdout.write("It is done.\n");
} catch (error) {
  process.exitCode = printError(context, {}, error);
}
