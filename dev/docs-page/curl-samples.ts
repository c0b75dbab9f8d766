/** What of the description's operations a sample is made of. References are resolved. */
export interface Described {
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly example?: unknown;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>> }
      >
    >;
  };
}

export interface Sample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

/** Stand for what the reader has: the example's job, and what the store returned when an upload was begun. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/media\/[0-9a-f]{32}\/[0-9a-f]{32}\/[\w.-]+/g, "$KEY"],
  [/[0-9a-f]{32}\.[0-9a-f]{32}/g, "$CAPABILITY"],
  [/[0-9a-f]{32}/g, "$JOB"],
  [/2~exampleUploadId/g, "$UPLOAD_ID"],
];
const withVariables = (text: string): string =>
  VARIABLES.reduce((each, [value, variable]) => each.replaceAll(value, () => variable), text);

/** How curl is told a method that it would not choose. */
const WAYS: Readonly<Record<string, string>> = { HEAD: "-I ", DELETE: "-X DELETE " };

/** Commands for a shell, made of the description's examples: one for each way to send the parameters. */
export const curlSamples = (method: string, path: string, operation: Described): readonly Sample[] => {
  const { security = [], parameters = [], requestBody } = operation;
  const given = (place: string) =>
    parameters.filter(({ in: where, example }) => where === place && example !== undefined);
  const address = given("path").reduce((each, { name, example }) => each.replace(`{${name}}`, String(example)), path);
  const query = given("query").map(({ name, example }) => `${name}=${withVariables(String(example))}`);
  const authorization = security.length > 0 ? ['-H "Authorization: Bearer $TOKEN"'] : [];
  const command = (lines: readonly string[], more = "") =>
    [`curl -sS --fail-with-body ${lines[0] ?? ""}`, ...lines.slice(1)].join(" \\\n  ") + more;
  const url = (search = "") => `"$API${withVariables(address)}${search}"`;

  const contents = Object.entries(requestBody?.content ?? {});
  if (contents.length === 0) {
    const way = `${WAYS[method] ?? ""}${method !== "HEAD" && query.length > 0 ? "-G " : ""}`;
    const fields = query.map((each) => `--data-urlencode "${each}"`);
    return [{ lang: "Shell", label: "curl", source: command([way + url(), ...authorization, ...fields]) }];
  }
  const search = query.length > 0 ? `?${query.join("&")}` : "";
  return contents.flatMap(([type, { examples }]): Sample[] => {
    const head = [url(search), ...authorization, `-H "Content-Type: ${type}"`];
    if (!examples)
      return [{ lang: "Shell", label: `curl, ${type}`, source: command([...head, "--data-binary @small.mp4"]) }];
    return Object.values(examples).map(({ summary, value }) => {
      const label = ["curl", summary, type.endsWith("json") ? undefined : "as a form"].filter(Boolean).join(", ");
      if (type.endsWith("json")) {
        // Between these lines, the shell replaces variables and leaves quotation marks alone.
        const body = withVariables(JSON.stringify(value, null, 2));
        return { lang: "Shell", label, source: command([...head, "-d @-"], ` <<END\n${body}\nEND`) };
      }
      const fields = Object.entries(value as object).map(
        ([name, each]) => `--data-urlencode "${name}=${withVariables(String(each))}"`,
      );
      return { lang: "Shell", label, source: command([url(search), ...authorization, ...fields]) };
    });
  });
};
