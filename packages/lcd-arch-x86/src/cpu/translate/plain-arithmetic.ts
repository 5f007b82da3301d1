import { type PlainArithmetic, type PureOperation, pureOperations, type Statement, type Value } from "../ir";
import { PLAIN_ROUNDING } from "../lift/sse/ordinary";
import { StateOffset } from "../state";
import { type FunctionEmitter, Local, VALUE_128 } from "./emit";
import { Wasm, WasmType } from "./wasm";

/**
 * A quick look at floating-point arithmetic that `lift/sse/ordinary.ts` lets WebAssembly do: whether its operands are not
 * denormal, and its result is a normal number well inside the format. It is one comparison for each number, of a distance
 * that is computed from the number's bits, with a bound that nothing is above when nothing may be trusted. Twice the bits
 * are the bits without the sign; of an f64 the upper half is compared.
 *
 * - An operand's distance is twice its bits less 1. Below 2^24 (f32) or 2^21 (f64) it is denormal; zero wraps around to
 *   the top. Infinities and NaN are there too; the result tells of them: it is one too, or the zero that a division by
 *   infinity gives.
 * - A result's distance is twice its bits plus the smallest exponent, so that infinities and NaN wrap around to the
 *   bottom. Below 3 * 2^24 or 3 * 2^21 are these, zeros, denormal numbers, and those of the smallest exponent, which can
 *   come of rounding a tiny one up.
 *
 * Numbers that have been looked at are not looked at again in a block. So as soon as one of them is not what it should be,
 * nothing is trusted for the rest of the block; and each guard has its own, complete condition for that case.
 */

/** Above it are the distances of numbers that can be trusted; of an f64 those of 23 more exponents are not. */
const BOUND = 3 * 2 ** 24;

/** Nothing is above it. */
const NOTHING = -1;

/** Twice the bits of the smallest exponent, in the doubleword that holds sign and exponent. */
const EXPONENT = { 4: 1 << 24, 8: 1 << 21 } as const;

/** Of lanes of any size: -1. */
const ALL_ONES = (1n << 128n) - 1n;

type Guarded = Extract<Statement, { kind: "guarded" }>;

export class PlainArithmeticEmitter {
  /**
   * Locals: the bound as MXCSR had it when the function was entered or MXCSR set, and as it is at this place of the block.
   * A guard's callout that sets PE, after which more may be trusted, changes neither: V8 has one value less to keep.
   */
  private bound = -1;
  private trusted = -1;
  private inBlock = false;

  constructor(private readonly e: FunctionEmitter) {}

  /** Starts a function that has such guards. */
  begin(): void {
    this.bound = this.e.newLocal("i32");
    this.trusted = this.e.newLocal("i32");
    this.findBound();
  }

  beginBlock(): void {
    this.inBlock = false;
  }

  /** Other modes may be in force. Numbers that earlier guards did not trust must not be trusted now, either. */
  mxcsrMayBeSet(): void {
    if (this.bound >= 0) {
      this.findBound();
      if (this.inBlock) {
        this.e.get(this.trusted);
        this.e.get(this.bound);
        this.e.code.byte(Wasm.i32Or);
        this.e.set(this.trusted);
      }
    }
  }

  /** @param callOut leaves the callout's result on the stack */
  guarded({ value, condition, fast }: Guarded, plain: PlainArithmetic, callOut: () => void): void {
    const { e } = this;
    const done = {};
    const doubt = {};
    if (!this.inBlock) {
      e.get(this.bound);
      e.set(this.trusted);
      this.inBlock = true;
    }
    e.open(Wasm.block, done, WasmType[value.type]);
    e.open(Wasm.block, doubt);
    if (plain.result.type === "v128") {
      this.doubtVectors(plain, doubt);
    } else {
      plain.operands.forEach((operand) => this.doubtNumber(operand, false, doubt));
      this.doubtNumber(plain.result, true, doubt);
    }
    e.value(fast);
    e.branch(done);
    e.close();
    e.i32(NOTHING);
    e.set(this.trusted);
    this.pushPlainRounding();
    e.code.byte(Wasm.i32Eqz);
    e.value(condition);
    e.code.byte(Wasm.i32Or);
    e.open(Wasm.if, {}, WasmType[value.type]);
    callOut();
    e.code.byte(Wasm.else);
    e.value(fast);
    e.close();
    e.close();
    e.keep(value);
  }

  private findBound(): void {
    const { e } = this;
    e.i32(BOUND);
    e.i32(NOTHING);
    this.pushPlainRounding();
    e.code.byte(Wasm.select);
    e.set(this.bound);
  }

  private pushPlainRounding(): void {
    const { e } = this;
    e.get(Local.cpu);
    e.memory(Wasm.i32Load, StateOffset.mxcsr);
    e.i32(PLAIN_ROUNDING.mask);
    e.code.byte(Wasm.i32And);
    e.i32(PLAIN_ROUNDING.value);
    e.code.byte(Wasm.i32Eq);
  }

  /** Leaves for `doubt` when the distance on the stack cannot be trusted. */
  private doubt(doubt: object): void {
    const { e } = this;
    e.get(this.trusted);
    this.op("i32.le_u");
    e.branchUnlikely(doubt);
  }

  private doubtNumber(number: Value, isResult: boolean, doubt: object): void {
    const { e } = this;
    const wide = number.type === "f64";
    if (isResult) {
      this.bits(number);
      if (wide) {
        e.i64(32n);
        this.op("i64.shr_u", "i32.wrap_i64");
      }
      e.i32(1);
      this.op("i32.shl");
      e.i32(EXPONENT[wide ? 8 : 4]);
      this.op("i32.add");
    } else if (wide) {
      this.bits(number);
      e.i64(1n);
      this.op("i64.shl");
      e.i64(1n);
      this.op("i64.sub");
      e.i64(32n);
      this.op("i64.shr_u", "i32.wrap_i64");
    } else {
      this.bits(number);
      e.i32(1);
      this.op("i32.shl");
      e.i32(1);
      this.op("i32.sub");
    }
    this.doubt(doubt);
  }

  private bits(number: Value): void {
    this.e.value(number);
    this.op(number.type === "f64" ? "i64.reinterpret_f64" : "i32.reinterpret_f32");
  }

  /** The least distance of any lane of any vector is the one that counts. */
  private doubtVectors({ size, operands, result }: PlainArithmetic, doubt: object): void {
    const { e } = this;
    const integers = size === 8 ? "i64x2" : "i32x4";
    e.value(result);
    e.value(result);
    this.op("i32x4.add");
    e.vector(BigInt(EXPONENT[size]) * 0x1_0000_0001_0000_0001_0000_0001n);
    this.op("i32x4.add");
    for (const operand of operands) {
      e.value(operand);
      e.value(operand);
      this.op(`${integers}.add`);
      e.vector(ALL_ONES);
      this.op(`${integers}.add`, "i32x4.min_u");
    }
    this.smaller(8);
    if (size === 4) {
      this.smaller(4);
    }
    // Of a 64-bit lane the upper half is meant.
    this.op("i32x4.extract_lane");
    e.code.byte(size === 8 ? 1 : 0);
    this.doubt(doubt);
  }

  /** Of each doubleword of the vector on the stack and the one `distance` bytes above it, the smaller. */
  private smaller(distance: number): void {
    const { e } = this;
    e.tee(VALUE_128);
    e.get(VALUE_128);
    e.get(VALUE_128);
    this.op("i8x16.shuffle");
    for (let byte = 0; byte < 16; byte++) {
      e.code.byte((byte + distance) % 16);
    }
    this.op("i32x4.min_u");
  }

  private op(...names: PureOperation[]): void {
    names.forEach((name) => this.e.code.opcode(pureOperations[name][0]));
  }
}
