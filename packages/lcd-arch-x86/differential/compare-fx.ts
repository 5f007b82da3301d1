import type { Analysis } from "./analyze";
import { Fx } from "./fx-state";

/** Words of the image that are compared, with the bits that count. FOP, FIP and FDP differ between makers. */
const words = [
  ["x87 control word", Fx.control, 0xffff],
  ["x87 status word", Fx.status, 0xffff],
  ["x87 tags", Fx.tag, 0xff],
] as const;

/** Adds what differs between the x87, MMX and SSE registers of two FXSAVE images. */
export function compareFx(analysis: Analysis, expected: Uint8Array, actual: Uint8Array, found: string[]): void {
  const wanted = viewOf(expected);
  const got = viewOf(actual);
  compareXmm(analysis, expected, actual, found);
  if (denormalIsRaised(expected)) {
    return;
  }
  const status = ~(
    (analysis.c1 ? 0 : C1) |
    (analysis.approximate ? PRECISION : 0) |
    (comparisonFlagsAreUnset(expected) ? CONDITION : 0)
  );
  for (const [name, at, bits] of words) {
    const mask = at === Fx.status ? bits & status : bits;
    const [theirs, ours] = [wanted.getUint16(at, true) & mask, got.getUint16(at, true) & mask];
    if (theirs !== ours) {
      found.push(`${name} ${hex(ours)}, expected ${hex(theirs)}`);
    }
  }
  for (let i = 0; i < 8; i++) {
    const at = Fx.st + i * Fx.stSize;
    if (!sameBytes(expected, actual, at, Fx.stBytes) && !(analysis.approximate && nearExtended(wanted, got, at))) {
      found.push(`st${i} ${digits(actual, at, Fx.stBytes)}, expected ${digits(expected, at, Fx.stBytes)}`);
    }
  }
}

function compareXmm(analysis: Analysis, expected: Uint8Array, actual: Uint8Array, found: string[]): void {
  const wanted = viewOf(expected);
  const got = viewOf(actual);
  const mask = analysis.stepwise && isRaised(wanted.getUint16(Fx.mxcsr, true)) ? ~MXCSR_RESULT : 0xffff;
  const [theirs, ours] = [wanted.getUint16(Fx.mxcsr, true) & mask, got.getUint16(Fx.mxcsr, true) & mask];
  if (theirs !== ours) {
    found.push(`MXCSR ${hex(ours)}, expected ${hex(theirs)}`);
  }
  for (let i = 0; i < 16; i++) {
    const at = Fx.xmm + i * Fx.xmmSize;
    if (!sameBytes(expected, actual, at, Fx.xmmSize) && !(analysis.approximate && nearVector(wanted, got, at))) {
      found.push(`xmm${i} ${digits(actual, at, Fx.xmmSize)}, expected ${digits(expected, at, Fx.xmmSize)}`);
    }
  }
}

/** Condition codes: C1, which says how an inexact result was rounded, and those of comparisons. */
const C1 = 0x200;
const CONDITION = 0x4500;
/** Inexact and tiny results, and that there is an exception which is not masked. */
const PRECISION = 0x80b0;
const EXCEPTION_SUMMARY = 0x80;
const INVALID = 1;

/**
 * Whether a comparison of numbers that cannot be compared may have left its flags alone: "If the invalid-operation
 * exception is unmasked, the status flags are not set" (SDM 2, FCOMI; FCOM and FUCOM have it in their operation). AMD's
 * processors set them to "unordered" whether it is masked or not.
 */
export function comparisonFlagsAreUnset(expected: Uint8Array): boolean {
  const view = viewOf(expected);
  const unmasked = ~view.getUint16(Fx.control, true);
  const status = view.getUint16(Fx.status, true);
  return (status & EXCEPTION_SUMMARY) !== 0 && (status & unmasked & INVALID) !== 0;
}

const MXCSR_MASKS_AT = 7;
const MXCSR_FLAGS = 0x3f;
/** MXCSR's flags of exceptions that come of a result: overflow, underflow, precision. */
const MXCSR_RESULT = 0x38;

/** Whether MXCSR has a flag whose exception is not masked. */
function isRaised(mxcsr: number): boolean {
  return (mxcsr & ~(mxcsr >>> MXCSR_MASKS_AT) & MXCSR_FLAGS) !== 0;
}

const DENORMAL = 2;

/**
 * Whether the exception for a denormal operand is raised: "The top-of-stack pointer (TOP) and source operands remain
 * unchanged" (SDM 1, "Denormal Operand Exception"). AMD's processors push what FLD loads all the same.
 */
export function denormalIsRaised(image: Uint8Array): boolean {
  const view = viewOf(image);
  const unmasked = ~view.getUint16(Fx.control, true);
  const status = view.getUint16(Fx.status, true);
  return (status & EXCEPTION_SUMMARY) !== 0 && (status & unmasked & DENORMAL) !== 0;
}

/**
 * Whether that exception may have been raised, and then forgotten: FNSTENV masks it, FNCLEX clears it, and neither looks.
 *
 * @param initial the image that the case began with
 */
export function denormalMayBeForgotten({ forgets, loadsMasks }: Analysis, initial: Uint8Array): boolean {
  return forgets && (loadsMasks || (viewOf(initial).getUint16(Fx.control, true) & DENORMAL) === 0);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}

/** "... the worst-case error ... is less than 1 ulp" (SDM 1, "Transcendental Instruction Accuracy"): each side may err. */
const UNITS_APART = 2n;

/** Whether two numbers of double extended precision are next to each other. */
function nearExtended(wanted: DataView, got: DataView, at: number): boolean {
  const place = (view: DataView): bigint => {
    const head = view.getUint16(at + 8, true);
    const size = (BigInt(head & 0x7fff) << 63n) + (view.getBigUint64(at, true) & ((1n << 63n) - 1n));
    return head & 0x8000 ? -size : size;
  };
  const apart = place(wanted) - place(got);
  return apart <= UNITS_APART && apart >= -UNITS_APART;
}

/** "... relative error ... <= 1.5 * 2^-12" (SDM 2, RCPPS and RSQRTPS), of each side. */
const RELATIVE_ERROR = 3 * 2 ** -12;
/**
 * Tiny results are 0, and operands near 2^126 "may or may not produce tiny results, depending on the implementation"
 * (SDM 2, RCPPS).
 */
const LARGEST_FLUSHED = 2 ** -126 * 1.001;

function nearVector(wanted: DataView, got: DataView, at: number): boolean {
  for (let offset = at; offset < at + Fx.xmmSize; offset += 4) {
    const [theirs, ours] = [wanted.getFloat32(offset, true), got.getFloat32(offset, true)];
    const same = wanted.getUint32(offset, true) === got.getUint32(offset, true);
    const flushed = Math.min(Math.abs(theirs), Math.abs(ours)) === 0;
    const near = flushed
      ? Math.max(Math.abs(theirs), Math.abs(ours)) <= LARGEST_FLUSHED
      : Math.abs(theirs - ours) <= RELATIVE_ERROR * Math.abs(theirs);
    if (!same && !near) {
      return false;
    }
  }
  return true;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function digits(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length))
    .reverse()
    .toString("hex");
}
