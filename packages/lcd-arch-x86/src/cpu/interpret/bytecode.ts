import { type PureOperation, pureOperations, type RuntimeOperation, runtimeOperations, type ValueType } from "../ir";

/**
 * The interpreter's instructions: 32-bit words, first the number of the instruction, then its operands. A place is a
 * distance in bytes from the processor's state, so registers, fields, constants and computed values are all named alike.
 */

/** Instructions that are not operations of the IR. Their words are listed in order; `interpreter.ts` says what they do. */
export const controlWords = {
  /** Takes the block's instructions from those left. */
  enter: ["count", "site"],
  /** Goes on at RIP, which was set. */
  leave: [],
  stop: ["site"],
  raiseIf: ["condition", "site"],
  jumpIf: ["condition", "target"],
  jumpUnless: ["condition", "target"],
  /** One more repetition, which counts as an instruction. */
  again: ["site", "target"],
  callout: ["request", "site"],
  move32: ["to", "from"],
  move64: ["to", "from"],
  move128: ["to", "from"],
  /** Writes the low bytes of an i32. */
  move8: ["to", "from"],
  move16: ["to", "from"],
  /** Reads bytes as an i32. */
  widen8U: ["to", "from"],
  widen8S: ["to", "from"],
  widen16U: ["to", "from"],
  widen16S: ["to", "from"],
  load1: ["to", "address", "forWrite", "site"],
  load2: ["to", "address", "forWrite", "site"],
  load4: ["to", "address", "forWrite", "site"],
  load8: ["to", "address", "forWrite", "site"],
  load16: ["to", "address", "forWrite", "site"],
  store1: ["address", "value", "site"],
  store2: ["address", "value", "site"],
  store4: ["address", "value", "site"],
  store8: ["address", "value", "site"],
  store16: ["address", "value", "site"],
} as const satisfies Record<string, readonly string[]>;

export type ControlName = keyof typeof controlWords;

/** Signature of an operation: its words are the place of the result, then those of the operands. */
export interface Signature {
  parameters: readonly ValueType[];
  result: ValueType;
}

/** Operations on lanes are moves here, and a shuffle is two swizzles: their immediates would be part of the opcode. */
const hasNoInstruction = (name: string): boolean => /_lane|\.shuffle/.test(name);

const unary =
  /\.(eqz|clz|ctz|popcnt|extend|wrap|abs|neg|ceil|floor|trunc|nearest|sqrt|convert|demote|promote|reinterpret|splat|not|any_true|all_true|bitmask|extadd)/;
const ternary = /\.(select|bitselect)$/;
const scalarOfLanes: Readonly<Record<string, ValueType>> = {
  i8x16: "i32",
  i16x8: "i32",
  i32x4: "i32",
  i64x2: "i64",
  f32x4: "f32",
  f64x2: "f64",
};
const scalars: ReadonlySet<string> = new Set<ValueType>(["i32", "i64", "f32", "f64"]);

/** What an operation takes and gives, by WebAssembly's rules for names: the type before the dot, or the one that is converted from. */
export function pureSignature(name: PureOperation): Signature {
  const [shape, operation] = name.split(".");
  const from = scalars.has(shape) ? (/_([if](?:32|64))(?:_[su])?$/.exec(operation)?.[1] ?? shape) : "v128";
  const operand = (operation === "splat" ? scalarOfLanes[shape] : from) as ValueType;
  const result = pureOperations[name][1];
  if (operation === "select") {
    return { parameters: [operand, operand, "i32"], result };
  }
  if (unary.test(name)) {
    return { parameters: [operand], result };
  }
  if (ternary.test(name)) {
    return { parameters: [operand, operand, operand], result };
  }
  const isVectorShift = operand === "v128" && /^sh[lr]/.test(operation);
  return { parameters: [operand, isVectorShift ? "i32" : operand], result };
}

const pureNames = (Object.keys(pureOperations) as PureOperation[]).filter((name) => !hasNoInstruction(name));
const isInteger = (name: string): boolean => /^i(32|64)\.(?!reinterpret|trunc_sat)/.test(name);

export type InstructionName = ControlName | PureOperation | RuntimeOperation;

/** Operations that the interpreter's loop has itself, and those, of floats and vectors, that it calls another function for. */
export const integerNames = pureNames.filter(isInteger);
export const floatNames = pureNames.filter((name) => !isInteger(name));
export const controlNames = Object.keys(controlWords) as ControlName[];
export const runtimeNames = Object.keys(runtimeOperations) as RuntimeOperation[];

/** All instructions in the order of their numbers. */
export const instructionNames: readonly InstructionName[] = [
  ...controlNames,
  ...integerNames,
  ...runtimeNames,
  ...floatNames,
];

/** A map, because it is asked for each instruction by a name that is not known before. */
export const instructionNumbers: ReadonlyMap<InstructionName, number> = new Map(
  instructionNames.map((name, number) => [name, number]),
);

/** Words of each instruction, by its number. */
export const instructionWords: readonly number[] = [
  ...controlNames.map((name) => 1 + controlWords[name].length),
  ...integerNames.map((name) => 2 + pureSignature(name).parameters.length),
  ...runtimeNames.map((name) => 2 + runtimeOperations[name].parameters.length),
  ...floatNames.map((name) => 2 + pureSignature(name).parameters.length),
];
