import { stdout } from "node:process";

/** A reporter that prints each case when it has ended, rather than all at the end. */
export default class {
  onTestCaseResult(_test, { status, fullName, duration }) {
    stdout.write(`${status === "passed" ? "✓" : status} ${fullName} (${duration ?? 0} ms)\n`);
  }
}
