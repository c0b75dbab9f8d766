import { stdout } from "node:process";

/** A reporter that prints each case when it has ended, rather than all at the end. */
export default class {
  #heading = "";

  onTestCaseResult(_test, { status, ancestorTitles, title, duration }) {
    const heading = ancestorTitles.join(" ");
    if (heading !== this.#heading) stdout.write(`\n${heading}\n`);
    this.#heading = heading;
    stdout.write(`  ${status === "passed" ? "✓" : status} ${title} (${duration ?? 0} ms)\n`);
  }
}
