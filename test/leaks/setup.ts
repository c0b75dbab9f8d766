import { afterAll } from "@jest/globals";
import { watchProcess } from "./process-output.ts";
import { createScanner } from "./scanner.ts";
import { watchWire } from "./wire.ts";

/**
 * Part of every test file: tokens, credentials, signatures and capabilities that the file's tests sent to a server
 * must not be on standard output, on standard error or in `console`. What else a stack puts out is searched by
 * `useStack`.
 */
const output = watchProcess();
const wire = watchWire();

afterAll(() => {
  output.stop();
  wire.stop();
  const scanner = createScanner(wire.secrets());
  const leaks = Object.entries(output.texts()).flatMap(([place, text]) =>
    scanner.scan(text).map(({ secret, encoding }) => `${place}: ${secret} (${encoding})`),
  );
  if (leaks.length > 0) throw new Error(`Secrets leaked:\n${leaks.join("\n")}`);
});
