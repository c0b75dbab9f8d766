import assert from "node:assert/strict";
import { at, put, type Json, type Template } from "./cloudformation.ts";

export const STAGES = ["dev", "prod"] as const;
export type Stage = (typeof STAGES)[number];

/** Something that must be true of a stage's template, and a change to the template that makes it untrue. */
export interface Check {
  /** Ends the sentence "the template …". */
  readonly name: string;
  /** Throws where it is not so. */
  readonly holds: (template: Template, stage: Stage) => void;
  readonly breakIt: (template: Template) => void;
}

/** The value at a path is what it must be; `wrong` is what a careless change might make of it. */
export const is = (name: string, path: string, wanted: Json | ((stage: Stage) => Json), wrong?: Json): Check => ({
  name,
  holds: (template, stage) => {
    assert.deepEqual(at(template, path), typeof wanted === "function" ? wanted(stage) : wanted, path);
  },
  breakIt: (template) => {
    put(template, path, wrong);
  },
});

export const check = (name: string, holds: Check["holds"], breakIt: Check["breakIt"]): Check => ({
  name,
  holds,
  breakIt,
});
