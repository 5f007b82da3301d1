import { compare, Relation } from "../float/compare";
import { FloatException } from "../float/environment";
import { Kind, type Real } from "../float/real";
import { memoryFormats } from "./arithmetic";
import type { Fpu } from "./fpu";
import type { FpuOperation, FpuOperations } from "./operation";
import { Place } from "./places";
import { StatusWord } from "./words";

const { C0, C1, C2, C3 } = StatusWord;

/** Condition codes of FCOM and its like (SDM 2A, "FCOM/FCOMP/FCOMPP"). */
const conditionCodes: Readonly<Record<Relation, number>> = {
  [Relation.greater]: 0,
  [Relation.less]: C0,
  [Relation.equal]: C3,
  [Relation.unordered]: C3 | C2 | C0,
};

/** Where FCOMI leaves the relation, for translated code to make ZF, PF and CF of it: bits 6, 2 and 0. */
const comparisonFlags: Readonly<Record<Relation, number>> = {
  [Relation.greater]: 0,
  [Relation.less]: 1,
  [Relation.equal]: 0x40,
  [Relation.unordered]: 0x45,
};

interface CompareOptions {
  /** Quiet NaNs are no invalid operands. */
  unordered?: boolean;
  pops?: number;
  /** The relation goes to the arithmetic flags. */
  toFlags?: boolean;
}

/** Compares ST(0) with what `read` gives; null: its register is empty. */
const comparing =
  (read: (fpu: Fpu, i: number) => Real | null, options: CompareOptions = {}): FpuOperation =>
  (fpu, i) => {
    const { unordered = false, pops = 0, toFlags = false } = options;
    const env = fpu.begin();
    const other = read(fpu, i);
    let relation: Relation = Relation.unordered;
    let counts: boolean;
    if (fpu.isEmpty(0) || other === null) {
      counts = fpu.underflow();
    } else {
      fpu.load(0, fpu.a);
      relation = compare(fpu.a, other, env, !unordered);
      counts = fpu.settle();
      if ((env.unmasked & FloatException.IE) !== 0) {
        // The relation is not told (SDM 2A, "FCOM", note to the table of condition codes).
        return;
      }
    }
    if (toFlags) {
      fpu.words[Place.operand] = comparisonFlags[relation];
    } else {
      fpu.setConditions(conditionCodes[relation]);
    }
    for (let pop = 0; counts && pop < pops; pop++) {
      fpu.pop();
    }
  };

function register(fpu: Fpu, i: number): Real | null {
  if (fpu.isEmpty(i)) {
    return null;
  }
  fpu.load(i, fpu.b);
  return fpu.b;
}

function zero(fpu: Fpu): Real {
  fpu.b.setZero(false);
  fpu.b.denormal = false;
  return fpu.b;
}

const withMemory: FpuOperations = Object.fromEntries(
  Object.entries(memoryFormats).flatMap(([kind, format]) => {
    const read = (fpu: Fpu): Real => {
      format.read(fpu.words, fpu.b);
      return fpu.b;
    };
    return [
      [`com ${kind}`, comparing(read)],
      [`comp ${kind}`, comparing(read, { pops: 1 })],
    ];
  }),
);

/** What FXAM tells of a number: C3, C2 and C0 (SDM 2A, "FXAM"). */
const classes: Readonly<Record<Kind, number>> = {
  [Kind.unsupported]: 0,
  [Kind.nan]: C0,
  [Kind.finite]: C2,
  [Kind.infinity]: C2 | C0,
  [Kind.zero]: C3,
};
const EMPTY = C3 | C0;
const DENORMAL = C3 | C2;

const examine: FpuOperation = (fpu) => {
  const { a } = fpu;
  fpu.load(0, a);
  const found = fpu.isEmpty(0) ? EMPTY : a.denormal ? DENORMAL : classes[a.kind];
  fpu.setConditions(found | (a.negative ? C1 : 0));
};

export const compareOperations: FpuOperations = {
  ...withMemory,
  "com sti": comparing(register),
  "comp sti": comparing(register, { pops: 1 }),
  "compp sti": comparing(register, { pops: 2 }),
  "ucom sti": comparing(register, { unordered: true }),
  "ucomp sti": comparing(register, { unordered: true, pops: 1 }),
  "ucompp sti": comparing(register, { unordered: true, pops: 2 }),
  "comi sti": comparing(register, { toFlags: true }),
  "comip sti": comparing(register, { toFlags: true, pops: 1 }),
  "ucomi sti": comparing(register, { unordered: true, toFlags: true }),
  "ucomip sti": comparing(register, { unordered: true, toFlags: true, pops: 1 }),
  tst: comparing(zero),
  xam: examine,
};
