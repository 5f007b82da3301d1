import { FloatEnv, float32, float64, Relation, Rounding, type SseFloat } from "../../../src/cpu/float/index";
import type { Random } from "../../random";
import type { FloatRequest, FloatResult } from "./native";
import { random32, random64, randomInteger } from "./operands";
import { Fxsave, initialState, viewOf } from "./state";

/** An instruction on XMM0 and XMM1, or RAX, and what the library says that it does. */
interface SseOperation {
  name: string;
  code: readonly number[];
  /** How the operands are made: formats of XMM0 and XMM1; `integer`: RAX holds one of so many bits. */
  source: 32 | 64;
  integer?: 32 | 64;
  /** What becomes of it: the low part of XMM0, RAX, or the arithmetic flags. */
  result: "xmm32" | "xmm64" | "eax" | "rax" | "flags";
  compute(a: bigint, b: bigint, env: FloatEnv): bigint;
}

type Arithmetic = "add" | "sub" | "mul" | "div" | "min" | "max";
const arithmetic: Record<Arithmetic, number> = { add: 0x58, mul: 0x59, sub: 0x5c, min: 0x5d, div: 0x5e, max: 0x5f };

/** ZF, PF and CF as COMISx sets them (SDM 2A, "COMISD"). */
const comparisonFlags: Record<Relation, bigint> = {
  [Relation.unordered]: 0x45n,
  [Relation.greater]: 0n,
  [Relation.less]: 1n,
  [Relation.equal]: 0x40n,
};

const roundings = Object.values(Rounding);

function operationsOf<Bits extends number | bigint>(
  bits: 32 | 64,
  float: SseFloat<Bits>,
  from: (value: bigint) => Bits,
): SseOperation[] {
  const prefix = bits === 32 ? 0xf3 : 0xf2;
  const suffix = bits === 32 ? "ss" : "sd";
  const xmm = bits === 32 ? "xmm32" : "xmm64";
  const operations: SseOperation[] = [];
  for (const name of Object.keys(arithmetic) as Arithmetic[]) {
    operations.push({
      name: `${name}${suffix}`,
      code: [prefix, 0x0f, arithmetic[name], 0xc1],
      source: bits,
      result: xmm,
      compute: (a, b, env) => BigInt(float[name](from(a), from(b), env)),
    });
  }
  operations.push({
    name: `sqrt${suffix}`,
    code: [prefix, 0x0f, 0x51, 0xc1],
    source: bits,
    result: xmm,
    compute: (_, b, env) => BigInt(float.sqrt(from(b), env)),
  });
  for (const [name, opcode, signalsQuiet] of [
    ["ucomi", 0x2e, false],
    ["comi", 0x2f, true],
  ] as const) {
    operations.push({
      name: `${name}${suffix}`,
      code: bits === 32 ? [0x0f, opcode, 0xc1] : [0x66, 0x0f, opcode, 0xc1],
      source: bits,
      result: "flags",
      compute: (a, b, env) => comparisonFlags[float.compare(from(a), from(b), env, signalsQuiet)],
    });
  }
  for (const mode of [...roundings, null]) {
    for (const precise of [true, false]) {
      operations.push({
        name: `round${suffix} ${mode ?? "mxcsr"}${precise ? "" : " quietly"}`,
        code: [0x66, 0x0f, 0x3a, bits === 32 ? 0x0a : 0x0b, 0xc1, (mode ?? 4) | (precise ? 0 : 8)],
        source: bits,
        result: xmm,
        compute: (_, b, env) => BigInt(float.round(from(b), mode ?? env.rounding, env, precise)),
      });
    }
  }
  for (const [opcode, truncate] of [
    [0x2c, true],
    [0x2d, false],
  ] as const) {
    const rounding = (env: FloatEnv): Rounding => (truncate ? Rounding.zero : env.rounding);
    operations.push({
      name: `cvt${truncate ? "t" : ""}${suffix}2si eax`,
      code: [prefix, 0x0f, opcode, 0xc1],
      source: bits,
      result: "eax",
      compute: (_, b, env) => BigInt.asUintN(32, BigInt(float.toInt32(from(b), env, rounding(env)))),
    });
    operations.push({
      name: `cvt${truncate ? "t" : ""}${suffix}2si rax`,
      code: [prefix, 0x48, 0x0f, opcode, 0xc1],
      source: bits,
      result: "rax",
      compute: (_, b, env) => BigInt.asUintN(64, float.toInt64(from(b), env, rounding(env))),
    });
  }
  operations.push({
    name: `cvtsi2${suffix} eax`,
    code: [prefix, 0x0f, 0x2a, 0xc0],
    source: bits,
    integer: 32,
    result: xmm,
    compute: (a, _, env) => BigInt(float.fromInt32(Number(BigInt.asIntN(32, a)), env)),
  });
  operations.push({
    name: `cvtsi2${suffix} rax`,
    code: [prefix, 0x48, 0x0f, 0x2a, 0xc0],
    source: bits,
    integer: 64,
    result: xmm,
    compute: (a, _, env) => BigInt(float.fromInt64(BigInt.asIntN(64, a), env)),
  });
  return operations;
}

/** Every kind of operation of the library's SSE half. */
export const sseOperations: readonly SseOperation[] = [
  ...operationsOf(32, float32, Number),
  ...operationsOf(64, float64, (value) => value),
  {
    name: "cvtss2sd",
    code: [0xf3, 0x0f, 0x5a, 0xc1],
    source: 32,
    result: "xmm64",
    compute: (_, b, env) => float64.from(float32, Number(b), env),
  },
  {
    name: "cvtsd2ss",
    code: [0xf2, 0x0f, 0x5a, 0xc1],
    source: 64,
    result: "xmm32",
    compute: (_, b, env) => BigInt(float32.from(float64, b, env)),
  },
];

export interface SseCase {
  operation: SseOperation;
  mxcsr: number;
  a: bigint;
  b: bigint;
}

/** MXCSR with any modes; often all exceptions masked and no flag set. */
function randomMxcsr(random: Random): number {
  const masks = random.chance(70) ? 0x3f : random.below(64);
  const modes = random.chance(50) ? random.below(8) & 6 : random.below(8);
  const flags = random.chance(80) ? 0 : random.below(64);
  const daz = random.chance(20) ? 1 << 6 : 0;
  return flags | daz | (masks << 7) | (modes << 13);
}

export function randomSseCase(random: Random): SseCase {
  const operation = random.pick(sseOperations);
  const operand = (): bigint => (operation.source === 32 ? BigInt(random32(random)) : random64(random));
  const a = operation.integer ? BigInt.asUintN(64, randomInteger(random, operation.integer)) : operand();
  return { operation, mxcsr: randomMxcsr(random), a, b: random.chance(5) ? a : operand() };
}

export function sseRequest({ operation, mxcsr, a, b }: SseCase): FloatRequest {
  const state = initialState();
  const view = viewOf(state);
  view.setUint32(Fxsave.mxcsr, mxcsr, true);
  view.setBigUint64(Fxsave.xmm, a, true);
  view.setBigUint64(Fxsave.xmm + 16, b, true);
  return { code: operation.code, rax: a, rflags: 2, memory: new Uint8Array(128), state };
}

/** What an SSE instruction leaves: exception, MXCSR and the place that its result goes to. */
export interface SseOutcome {
  vector: number | null;
  mxcsr: number;
  result: bigint;
}

export function sseOutcome({ operation }: SseCase, { vector, state, rax, rflags }: FloatResult): SseOutcome {
  const view = viewOf(state);
  const results: Record<SseOperation["result"], () => bigint> = {
    xmm32: () => BigInt(view.getUint32(Fxsave.xmm, true)),
    xmm64: () => view.getBigUint64(Fxsave.xmm, true),
    eax: () => rax,
    rax: () => rax,
    flags: () => BigInt(rflags & 0x8d5),
  };
  return { vector, mxcsr: view.getUint32(Fxsave.mxcsr, true), result: results[operation.result]() };
}

/** Vector of the SIMD floating-point exception. */
const SIMD_EXCEPTION = 19;

export function sseExpected({ operation, mxcsr, a, b }: SseCase): SseOutcome {
  const env = new FloatEnv().loadMxcsr(mxcsr);
  const computed = operation.compute(a, b, env);
  const unchanged = operation.result === "flags" ? 0n : operation.result === "xmm32" ? BigInt.asUintN(32, a) : a;
  return {
    vector: env.unmasked ? SIMD_EXCEPTION : null,
    mxcsr: mxcsr | env.reported,
    result: env.unmasked ? unchanged : computed,
  };
}
