import { access, constants } from "node:fs/promises";
import { chromium, type Browser } from "playwright-core";

/** The first has no window of its own to draw, and takes three fifths of the processor's time that the second takes. */
const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The path of a Chromium; undefined if there is none. */
export const findChromium = async (): Promise<string | undefined> => {
  const given = process.env["CHROMIUM"];
  for (const path of given ? [given] : PLACES) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
};

/** A headless Chromium that makes no requests of its own. Its profile is new, and removed afterwards. */
export const launchChromium = async (): Promise<Browser> => {
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error("There is no Chromium");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
};
