import {
  type PureOperation,
  pureOperations,
  Register,
  type RuntimeOperation,
  registerType,
  runtimeOperations,
  Value,
  type ValueType,
} from "../ir";
import type { LaneOperation } from "../ir-vector";
import { StateOffset } from "../state";

/** The operations of a name, and what they give, by the type that they are on. */
type Typed = Readonly<Partial<Record<ValueType, { readonly operation: PureOperation; readonly result: ValueType }>>>;

const typed = (name: string): Typed =>
  Object.fromEntries(
    (["i32", "i64", "f32", "f64", "v128"] as const)
      .map((type) => [type, `${type}.${name}` as PureOperation] as const)
      .filter(([, operation]) => operation in pureOperations)
      .map(([type, operation]) => [type, { operation, result: pureOperations[operation][1] }]),
  );

/** Names are put together once: here it is done for every value of every instruction. */
const operations = {
  add: typed("add"),
  sub: typed("sub"),
  mul: typed("mul"),
  and: typed("and"),
  or: typed("or"),
  xor: typed("xor"),
  shl: typed("shl"),
  shrU: typed("shr_u"),
  shrS: typed("shr_s"),
  rotl: typed("rotl"),
  rotr: typed("rotr"),
  eqz: typed("eqz"),
  eq: typed("eq"),
  ne: typed("ne"),
  ltU: typed("lt_u"),
  ltS: typed("lt_s"),
  leU: typed("le_u"),
  leS: typed("le_s"),
  clz: typed("clz"),
  ctz: typed("ctz"),
  popcnt: typed("popcnt"),
  select: typed("select"),
  extend8S: typed("extend8_s"),
  extend16S: typed("extend16_s"),
};

/** Makes the values of a block: constants, reads of state, and what is computed from them. */
export abstract class ValueBuilder {
  /** Puts a value's definition into the block. */
  protected abstract define<V extends Value>(value: V): V;

  i32(value: number): Value {
    return new Value("const", "i32", "", [], value | 0);
  }

  i64(value: bigint | number): Value {
    return new Value("const", "i64", "", [], BigInt.asIntN(64, BigInt(value)));
  }

  constant(type: ValueType, value: number): Value {
    return type === "i32" ? this.i32(value) : this.i64(value);
  }

  register(register: number): Value {
    return this.define(new Value("register", registerType(register), "", [], register));
  }

  /** A 64-bit field of the processor's state. */
  field64(offset: number): Value {
    return this.define(new Value("field", "i64", "", [], offset));
  }

  field32(offset: number): Value {
    return this.define(new Value("field", "i32", "", [], offset));
  }

  /** A 128-bit field. */
  field128(offset: number): Value {
    return this.define(new Value("field", "v128", "", [], offset));
  }

  v128(value: bigint): Value {
    return new Value("const", "v128", "", [], BigInt.asUintN(128, value));
  }

  /** All of XMM register `number`, a v128. */
  xmm(number: number): Value {
    return this.register(Register.xmm + number);
  }

  segmentBase(segment: number): Value {
    return this.field64(StateOffset.segmentBase + segment * 8);
  }

  pure(operation: PureOperation, ...operands: Value[]): Value {
    return this.define(new Value("pure", pureOperations[operation][1], operation, operands, 0));
  }

  /** An operation on one lane of a vector; `lane` counts from the low end. */
  lane(operation: Exclude<LaneOperation, "i8x16.shuffle">, lane: number, ...operands: Value[]): Value {
    return this.define(new Value("pure", pureOperations[operation][1], operation, operands, lane));
  }

  /** Bytes of two vectors in any order: `lanes` are sixteen numbers, 0 to 15 of `a` and 16 to 31 of `c`. */
  shuffle(a: Value, c: Value, lanes: readonly number[]): Value {
    const immediate = lanes.reduceRight((rest, lane) => (rest << 8n) | BigInt(lane), 0n);
    return this.define(new Value("pure", "v128", "i8x16.shuffle", [a, c], immediate));
  }

  runtime(operation: RuntimeOperation, ...operands: Value[]): Value {
    return this.define(new Value("runtime", runtimeOperations[operation].result, operation, operands, 0));
  }

  /** An operation of the first operand's type. */
  private op(typed: Typed, operands: Value[]): Value {
    const found = typed[operands[0].type];
    if (found === undefined) {
      throw new RangeError(`there is no such operation on ${operands[0].type}`);
    }
    return this.define(new Value("pure", found.result, found.operation, operands, 0));
  }

  add(a: Value, b: Value): Value {
    if (b.kind === "const" && Number(b.immediate) === 0) {
      return a;
    }
    return this.op(operations.add, [a, b]);
  }
  sub(a: Value, b: Value): Value {
    return this.op(operations.sub, [a, b]);
  }
  mul(a: Value, b: Value): Value {
    return this.op(operations.mul, [a, b]);
  }
  and(a: Value, b: Value): Value {
    return this.op(operations.and, [a, b]);
  }
  or(a: Value, b: Value): Value {
    return this.op(operations.or, [a, b]);
  }
  xor(a: Value, b: Value): Value {
    return this.op(operations.xor, [a, b]);
  }
  not(a: Value): Value {
    return this.op(operations.xor, [a, this.constant(a.type, -1)]);
  }
  /** Shift and rotate counts are of the value's type, taken modulo its width by WebAssembly. */
  shl(a: Value, count: Value): Value {
    return this.op(operations.shl, [a, count]);
  }
  shrU(a: Value, count: Value): Value {
    return this.op(operations.shrU, [a, count]);
  }
  shrS(a: Value, count: Value): Value {
    return this.op(operations.shrS, [a, count]);
  }
  rotl(a: Value, count: Value): Value {
    return this.op(operations.rotl, [a, count]);
  }
  rotr(a: Value, count: Value): Value {
    return this.op(operations.rotr, [a, count]);
  }
  eqz(a: Value): Value {
    return this.op(operations.eqz, [a]);
  }
  eq(a: Value, b: Value): Value {
    return this.op(operations.eq, [a, b]);
  }
  ne(a: Value, b: Value): Value {
    return this.op(operations.ne, [a, b]);
  }
  ltU(a: Value, b: Value): Value {
    return this.op(operations.ltU, [a, b]);
  }
  ltS(a: Value, b: Value): Value {
    return this.op(operations.ltS, [a, b]);
  }
  leU(a: Value, b: Value): Value {
    return this.op(operations.leU, [a, b]);
  }
  leS(a: Value, b: Value): Value {
    return this.op(operations.leS, [a, b]);
  }
  clz(a: Value): Value {
    return this.op(operations.clz, [a]);
  }
  ctz(a: Value): Value {
    return this.op(operations.ctz, [a]);
  }
  popcnt(a: Value): Value {
    return this.op(operations.popcnt, [a]);
  }
  select(condition: Value, whenTrue: Value, whenFalse: Value): Value {
    return this.op(operations.select, [whenTrue, whenFalse, condition]);
  }
  /** i64 to i32: the low half. */
  wrap(a: Value): Value {
    return a.type === "i32" ? a : this.pure("i32.wrap_i64", a);
  }
  /** The low `size` bytes of a 64-bit value, in the type of such a value. */
  wrapTo(a: Value, size: number): Value {
    return size === 8 ? a : this.clean(this.wrap(a), size);
  }
  /** i32 to i64, unsigned. */
  extendU(a: Value): Value {
    return a.type === "i64" ? a : this.pure("i64.extend_i32_u", a);
  }
  extendS(a: Value): Value {
    return a.type === "i64" ? a : this.pure("i64.extend_i32_s", a);
  }
  /** 1 when the value is not 0. */
  truth(a: Value): Value {
    return this.ne(a, this.constant(a.type, 0));
  }

  /** Cuts an i32 to the low `size` bytes, zero-extended; leaves 4- and 8-byte values alone. */
  clean(value: Value, size: number): Value {
    return size >= 4 ? value : this.and(value, this.i32(size === 1 ? 0xff : 0xffff));
  }

  /** Sign-extends the low `size` bytes of a value to its type. */
  signExtend(value: Value, size: number): Value {
    switch (size) {
      case 1:
        return this.op(operations.extend8S, [value]);
      case 2:
        return this.op(operations.extend16S, [value]);
      case 4:
        return value.type === "i64" ? this.pure("i64.extend32_s", value) : value;
      default:
        return value;
    }
  }
}
