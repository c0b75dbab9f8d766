import { readFileSync } from "node:fs";

/** A section of a page below `docs/clients/`, with its commands. */
export interface Section {
  readonly title: string;
  /** All shell blocks of the section, as one script. */
  readonly script: string;
  /** The output that its comments promise; `…` stands for anything. */
  readonly printed: readonly RegExp[];
}

/** The sections of a page that have commands. */
export const readSections = (page: string): Section[] => {
  const text = readFileSync(new URL(`../../docs/clients/${page}`, import.meta.url), "utf8");
  return text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const title = section.slice(0, section.indexOf("\n"));
      const script = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = ""]) => commands).join("\n");
      return script === "" ? [] : [{ title, script, printed: readPrinted(script) }];
    });
};

const readPrinted = (script: string): RegExp[] =>
  [...script.matchAll(/^# (\{.*\})$/gm)].map(
    ([, line = ""]) =>
      new RegExp(
        line
          .split("…")
          .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
          .join(".*"),
      ),
  );
