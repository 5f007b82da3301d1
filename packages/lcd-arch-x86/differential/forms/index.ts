import { type KindName, kinds } from "../kinds";
import { bmiForms } from "./bmi";
import type { Form } from "./form";
import { integerForms } from "./integer";
import { legacyForms, longForms, longSystemForms, segmentForms, systemForms } from "./legacy";
import { mmxForms, sseForms } from "./sse";
import { x87Forms } from "./x87";

export type { Form, Operand } from "./form";

/** All forms of 64-bit integer code, in a fixed order. */
export const forms: readonly Form[] = [...longForms, ...integerForms, ...bmiForms];

const legacy = [...integerForms, ...legacyForms, ...segmentForms, ...bmiForms];

const sets = {
  integer: { 16: legacy, 32: legacy, 64: forms },
  system: { 16: systemForms, 32: systemForms, 64: [...systemForms, ...longSystemForms] },
  sse: { 16: [...sseForms, ...mmxForms], 32: sseForms, 64: sseForms },
  x87: { 16: x87Forms, 32: [...x87Forms, ...mmxForms], 64: [...x87Forms, ...mmxForms] },
} as const;

/** The forms that cases of a kind are made of. */
export function formsOf(kind: KindName): readonly Form[] {
  const { set, bits } = kinds[kind];
  return sets[set][bits];
}

/** The forms called `name` that all modes have. */
export function formsNamed(name: string): Form[] {
  return integerForms.filter((form) => form.name === name);
}
