import { readFileSync } from "node:fs";

export interface Example {
  readonly name: string;
  readonly code: string;
}

/** The complete examples of a page: the code blocks that begin with a comment that names a file, such as `// upload.ts`. */
export const readExamples = (page: string): Example[] => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```(?:ts|tsx|js)\n(\/\/ ([\w.-]+\.\w+)\n.*?)^```$/gms)].map(
    ([, code = "", name = ""]) => ({ name, code }),
  );
};
