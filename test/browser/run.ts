import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findChromium } from "./chromium.ts";
import { SCREENSHOTS } from "./screenshots.ts";

/**
 * `npm run test:browser`: tests the upload page in Debian's Chromium, or in the one that CHROMIUM names. Arguments go to
 * jest. Skipped if there is no Chromium, except in CI.
 */

const JEST = fileURLToPath(new URL("../../node_modules/jest/bin/jest.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("jest.config.mjs", import.meta.url));

const chromium = await findChromium();
if (chromium === undefined) {
  const isNeeded = process.env["CI"] === "true";
  console.log(`${isNeeded ? "Chromium is needed" : "skipped"}: the browser tests (install Chromium, or set CHROMIUM)`);
  process.exitCode = isNeeded ? 1 : 0;
} else {
  await rm(SCREENSHOTS, { recursive: true, force: true });
  await mkdir(SCREENSHOTS, { recursive: true });
  const jest = spawn(
    process.execPath,
    [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      JEST,
      ...["--config", CONFIG],
      ...process.argv.slice(2),
    ],
    { stdio: "inherit", env: { ...process.env, CHROMIUM: chromium } },
  );
  process.exitCode = await new Promise<number>((resolve) => {
    jest.on("close", (code) => {
      resolve(code ?? 1);
    });
  });
  console.log(`Screenshots: ${SCREENSHOTS}`);
}
