import type { Operation, Schema } from "./description.ts";

type Scalar = string | number | boolean;

/** A request that is made of documented examples, before it is sent. Each test changes what it is about. */
export interface ExampleRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  /** Parameters in the body, and the media type that they are written in. */
  readonly body?: { readonly type: string; readonly parameters: Record<string, Scalar | undefined> };
  readonly media?: { readonly type: string; readonly bytes: Buffer };
}

/** Jobs, uploads and other things that exist, in place of those of the examples. */
export type Replacements = Readonly<Record<string, string>>;

export const EXAMPLE_JOB = "0fbd6015910e42dca25a863c4925d77c";
const MEDIA = Buffer.from("00000018 66747970".replaceAll(" ", ""), "hex");

/** The names of the bodies that are documented for an operation. */
export const bodyExamplesOf = ({ requestBody }: Operation): readonly string[] =>
  Object.values(requestBody?.content ?? {}).flatMap(({ examples = {} }) => Object.keys(examples));

/**
 * The documented request of an operation: every parameter that has an example, and the body that is named, or else the
 * first one. A body without an example is media.
 */
export const exampleRequest = (
  operation: Operation,
  bodyName: string | undefined,
  replacements: Replacements,
): ExampleRequest => {
  const replaced = <T>(value: T): T => replaceAll(value, replacements) as T;
  const given = (place: "query" | "path") =>
    operation.parameters.flatMap(({ name, in: where, example }): [string, string][] =>
      where === place && example !== undefined ? [[name, String(replaced(example))]] : [],
    );
  const pathParameters = new Map(given("path"));
  return {
    method: operation.method,
    path: operation.path.replace(/\{(\w+)\}/g, (_all, name: string) => pathParameters.get(name) ?? ""),
    query: Object.fromEntries(given("query")),
    headers: {},
    ...bodyOf(operation, bodyName, replaced),
  };
};

const bodyOf = (
  { requestBody }: Operation,
  bodyName: string | undefined,
  replaced: <T>(value: T) => T,
): Pick<ExampleRequest, "body" | "media"> => {
  const contents = Object.entries(requestBody?.content ?? {});
  const [first] = contents;
  if (!first) return {};
  const named = contents.flatMap(([type, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => ({ type, name, value })),
  );
  const chosen =
    bodyName === undefined ? named.find(({ type }) => type === first[0]) : named.find(({ name }) => name === bodyName);
  if (!chosen) return { media: { type: first[0], bytes: MEDIA } };
  return { body: { type: chosen.type, parameters: { ...replaced(chosen.value as Record<string, Scalar>) } } };
};

const replaceAll = (value: unknown, replacements: Replacements): unknown => {
  if (typeof value === "string")
    return Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaceAll(each, replacements)]));
};

/** The request with this parameter set, or left out, wherever the operation has it. */
export const withParameter = (request: ExampleRequest, name: string, value: string | undefined): ExampleRequest => {
  const { body, query } = request;
  if (body && name in body.parameters)
    return { ...request, body: { ...body, parameters: { ...body.parameters, [name]: value } } };
  const others = Object.entries(query).filter(([each]) => each !== name);
  return { ...request, query: Object.fromEntries(value === undefined ? others : [...others, [name, value]]) };
};

/** The same, for a parameter that the example lacks: it goes where the operation's other parameters are. */
export const withMoreParameter = (request: ExampleRequest, name: string, value: string): ExampleRequest =>
  request.body && request.method === "POST"
    ? { ...request, body: { ...request.body, parameters: { ...request.body.parameters, [name]: value } } }
    : { ...request, query: { ...request.query, [name]: value } };

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where there is none. */
  readonly body: unknown;
}

export const send = async (
  apiUrl: string,
  { method, path, query, headers, body, media }: ExampleRequest,
): Promise<Answered> => {
  const search = new URLSearchParams(query).toString();
  const content = body ? writeBody(body) : media?.bytes;
  const type = body?.type ?? media?.type;
  const response = await fetch(`${apiUrl}${path}${search ? `?${search}` : ""}`, {
    method,
    redirect: "manual",
    headers: { ...headers, ...(type === undefined ? {} : { "content-type": type }) },
    ...(content === undefined ? {} : { body: content as string | Buffer<ArrayBuffer> }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
};

const writeBody = ({ type, parameters }: NonNullable<ExampleRequest["body"]>): string =>
  type === "application/json"
    ? JSON.stringify(parameters)
    : new URLSearchParams(
        Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, String(value)]],
        ),
      ).toString();

/** A value of a header, as its schema wants it. */
export const headerValue = (schema: Schema, text: string): unknown => (schema.type === "integer" ? Number(text) : text);
