import { parse } from "yaml";
import { curlSamples, type Described } from "./curl-samples.ts";

interface Content {
  examples?: unknown;
  example?: unknown;
}

interface Operation {
  readonly parameters?: readonly unknown[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  "x-codeSamples"?: unknown;
}

interface Server {
  readonly url: string;
  readonly description: string;
}

interface Description {
  readonly info: { description: string };
  servers: Server[];
  readonly paths: Readonly<Record<string, Record<string, Operation> & { parameters?: readonly unknown[] }>>;
}

const METHODS = ["get", "head", "post", "delete"];

/**
 * The description as the page shows it: with a command for each call, an example for bodies that are media, and the addresses
 * of an API in its text, since Redoc shows them only where one clicks on a path.
 */
export const describeForPage = (yaml: string, apiUrl: string | undefined): object => {
  const description = parse(yaml) as Description;
  for (const [path, item] of Object.entries(description.paths))
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      const resolved = resolve({ ...operation, parameters }, description) as Described;
      operation["x-codeSamples"] = curlSamples(method.toUpperCase(), path, resolved);
      for (const content of Object.values(operation.requestBody?.content ?? {}))
        if (content.examples === undefined) content.example = "the bytes of the file";
    }
  if (apiUrl !== undefined)
    description.servers.unshift({ url: apiUrl, description: "The local stack that shows this page" });
  const servers = description.servers.map(({ url, description: of }) => `| \`${url}\` | ${of} |`);
  description.info.description += `\n**Addresses.** In the samples, \`$API\` is one of these, \`$TOKEN\` a bearer token, and \`$JOB\` a job.\n\n| address | of |\n| --- | --- |\n${servers.join("\n")}\n`;
  return description;
};

/** Follows references: there are no circles in the description. */
const resolve = (node: unknown, whole: unknown): unknown => {
  if (Array.isArray(node)) return node.map((each: unknown) => resolve(each, whole));
  if (typeof node !== "object" || node === null) return node;
  const { $ref: reference } = node as { $ref?: string };
  if (reference === undefined)
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, resolve(value, whole)]));
  const path = reference.replace(/^#\//, "").split("/");
  return resolve(
    path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], whole),
    whole,
  );
};
