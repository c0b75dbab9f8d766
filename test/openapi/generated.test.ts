import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * What a generator needs of the description to make a client that is pleasant to use: whatever has no name gets one from
 * a counter, and whatever has no type becomes `any`.
 */

type Node = Readonly<Record<string, unknown>>;

const whole = parse(readFileSync(new URL("../../docs/openapi.yml", import.meta.url), "utf8")) as {
  paths: Node;
  components: { schemas: Readonly<Record<string, Node>> } & Node;
};

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** Every object in the description, with the names that lead to it. */
const walk = (node: Node, path: readonly string[] = []): { path: string; node: Node }[] => [
  { path: path.join("/"), node },
  ...Object.entries(node).flatMap(([name, each]) => (isNode(each) ? walk(each, [...path, name]) : [])),
];

/** Schemas of whole bodies, of requests and answers alike. */
const bodies = walk({ ...whole.paths, responses: whole.components["responses"] }).flatMap(({ path, node }) =>
  isNode(node["content"])
    ? Object.entries(node["content"]).map(([type, content]) => ({
        place: `${path} ${type}`,
        schema: (content as { schema: Node }).schema,
      }))
    : [],
);

/** Schemas of single values, at any depth. */
const values = walk(whole.components.schemas).flatMap(({ path, node }) =>
  isNode(node["properties"]) && !/\/allOf\//.test(path)
    ? Object.entries(node["properties"]).map(([name, schema]) => ({ place: `${path}/${name}`, schema: schema as Node }))
    : [],
);

describe("a client that is generated from the description", () => {
  it.each(bodies)("has a type with a name for $place", ({ schema }) => {
    expect(schema["$ref"]).toMatch(/^#\/components\/schemas\/[A-Z]\w+$/);
  });

  it.each(values)("knows the type of $place", ({ schema }) => {
    expect(schema["$ref"] ?? schema["type"]).toEqual(expect.any(String));
    expect(schema).not.toHaveProperty("properties");
  });

  it("finds nothing cut in two: in braces, YAML ends a text that has no quotes at its first comma", () => {
    const cut = walk(whole as unknown as Node).flatMap(({ path, node }) =>
      Object.entries(node).flatMap(([name, value]) => (value === null ? [`${path}/${name}`] : [])),
    );
    expect(cut).toEqual([]);
  });

  it("has no type whose name a language has taken", () => {
    const taken = ["Error", "Object", "Array", "String", "Number", "Date", "File", "Request", "Response", "Exception"];
    expect(Object.keys(whole.components.schemas).filter((name) => taken.includes(name))).toEqual([]);
  });

  it("sends media as bytes, not as text", () => {
    expect(whole.components.schemas["MediaBody"]).toMatchObject({ type: "string", format: "binary" });
  });
});
