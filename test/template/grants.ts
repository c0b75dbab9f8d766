import assert from "node:assert/strict";
import { at, type Json, type Template } from "./cloudformation.ts";

/** A statement of a role's policy, as far as this project's have them. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: { readonly "ForAllValues:StringLike": { readonly "dynamodb:LeadingKeys": readonly string[] } };
}

/** Where the statements of a function's role are in a template, by the function's logical name. */
export const statementsPath = (name: string) => `${name}Role.Properties.Policies.0.PolicyDocument.Statement`;

/** What the role of a function grants: `<action> on <resource>[ if <pattern of row keys>]`. */
export const grantsOf = (template: Template, name: string): string[] =>
  readGrants((at(template, statementsPath(name)) ?? []) as unknown as Statement[]);

export const readGrants = (statements: readonly Statement[]): string[] =>
  statements.flatMap(({ Effect, Action, Resource, Condition }) => {
    assert.equal(Effect, "Allow");
    const condition = Condition ? ` if ${Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].join()}` : "";
    return [Action].flat().flatMap((action) => [Resource].flat().map((to) => `${action} on ${nameOf(to)}${condition}`));
  });

const nameOf = (resource: Json): string => {
  if (typeof resource === "string") return resource.replace(/^\$\{self:custom\.mediaBucket\.arn\}$/, "MediaBucket");
  const { "Fn::GetAtt": attribute, "Fn::Sub": text } = resource as { "Fn::GetAtt"?: string[]; "Fn::Sub"?: string };
  if (attribute?.[1] === "Arn") return attribute[0] ?? "";
  return (text ?? JSON.stringify(resource))
    .replace(/\$\{(\w+)\.Arn\}/g, "$1")
    .replace(/^\$\{self:custom\.mediaBucket\.arnInText\}/, "MediaBucket")
    .replace(/^.*:secret:cielo24\/\w+-\?{6}$|^\$\{self:custom\.secretArn\}-\?{6}$/, "the secret");
};
