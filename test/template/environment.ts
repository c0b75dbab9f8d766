import type { Runtime } from "../../lib/runtime.ts";
import { at, type Json, type Template } from "./cloudformation.ts";

/** The functions' logical names, and their folders. */
export const FOLDERS = {
  SignUpload: "sign-upload",
  DeliverMedia: "deliver-media",
  UpdateMetadata: "update-metadata",
  AddMedia: "add-media",
  MediaSource: "media-source",
  DeliveryStatus: "delivery-status",
  Census: "census",
  Health: "health",
};

/** Lambda's own variables, and what the local stack sets instead. */
const OF_LAMBDA = /^AWS_/;
/** Every function is told these, whether it asks or not. */
const OF_ALL = ["STAGE", "LOG_LEVEL", "PROXY_VERSION"];

/**
 * The variables that the template gives a function, and those that the function reads when it is built with them.
 * Building reads the whole configuration, and throws where a variable is absent or unusable.
 */
export const compareEnvironment = async (
  template: Template,
  name: keyof typeof FOLDERS,
): Promise<{ given: string[]; read: string[] }> => {
  const { build } = (await import(`../../functions/${FOLDERS[name]}/handler.ts`)) as {
    build: (runtime: Runtime) => unknown;
  };
  const variables = at(template, `${name}LambdaFunction.Properties.Environment.Variables`) as Record<string, Json>;
  const env = {
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "secret",
    ...Object.fromEntries(Object.entries(variables).map(([variable, value]) => [variable, deployed(value)])),
  };
  const read = new Set<string>();
  build({
    env: new Proxy(env, {
      get: (target: Runtime["env"], variable: string) => {
        read.add(variable);
        return target[variable];
      },
    }),
    clock: () => 0,
    randomHex: () => "0".repeat(32),
    sleep: () => Promise.resolve(),
    writeLine: () => undefined,
  });
  const isItsOwn = (variable: string) => !OF_LAMBDA.test(variable) && !OF_ALL.includes(variable);
  return { given: Object.keys(env).filter(isItsOwn).sort(), read: [...read].filter(isItsOwn).sort() };
};

/** A value as it might be once CloudFormation has filled in what it knows. */
const deployed = (value: Json): string => {
  if (typeof value === "string") return value;
  const { Ref: ref, "Fn::Sub": text } = value as { Ref?: string; "Fn::Sub"?: string };
  if (ref?.endsWith("Queue")) return `https://sqs.us-east-1.amazonaws.com/${ref}`;
  return ref ?? (text ?? "").replace(/\$\{[^}]*\}/g, "x");
};
