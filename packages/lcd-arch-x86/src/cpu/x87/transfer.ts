import { fromDecimal, toDecimal } from "../float/decimal";
import { Rounding } from "../float/environment";
import { pack80SignExponent } from "../float/format";
import { convert } from "../float/integer";
import { Real } from "../float/real";
import { ln2, pi } from "../float/series";
import { storeIndefinite } from "./arithmetic";
import type { Fpu } from "./fpu";
import { float32Format, float64Format, integerFormat, type MemoryFormat } from "./operand";
import type { FpuOperation, FpuOperations } from "./operation";
import { Place } from "./places";

/** Pushes what `read` makes, unless ST(7) is in use. */
const pushing =
  (read: (fpu: Fpu) => Real): FpuOperation =>
  (fpu) => {
    fpu.begin();
    if (!fpu.isEmpty(7)) {
      if (fpu.overflow()) {
        fpu.out.setIndefinite();
        fpu.push(fpu.out);
      }
      return;
    }
    const value = read(fpu);
    if (fpu.settle()) {
      fpu.push(value);
    }
  };

const loading = (format: MemoryFormat): FpuOperation =>
  pushing((fpu) => {
    format.read(fpu.words, fpu.a);
    convert(fpu.a, fpu.env);
    return fpu.a;
  });

/** Converts ST(0) to a format of memory. Unmasked exceptions but PE leave memory, and the stack, as they are. */
const storing =
  (format: MemoryFormat, pops: boolean): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    if (fpu.isEmpty(0)) {
      if (!fpu.underflow()) {
        return;
      }
      fpu.a.setIndefinite();
      env.masks = 0x3f;
      format.convert(fpu.a, env);
    } else {
      fpu.load(0, fpu.a);
      format.convert(fpu.a, env);
      if (!fpu.settle() || (env.unmasked & 0x18) !== 0) {
        return;
      }
    }
    format.write(fpu.words, fpu.a);
    if (pops) {
      fpu.pop();
    }
  };

const loadExtended: FpuOperation = (fpu) => {
  fpu.begin();
  const { words } = fpu;
  if (!fpu.isEmpty(7)) {
    if (fpu.overflow()) {
      fpu.out.setIndefinite();
      fpu.push(fpu.out);
    }
    return;
  }
  fpu.top--;
  fpu.storeBits(0, words[Place.operand], words[Place.operand + 1], words[Place.operand + 2]);
};

const storeExtended: FpuOperation = (fpu) => {
  fpu.begin();
  const { words } = fpu;
  if (!fpu.isEmpty(0)) {
    const at = fpu.placeOf(0);
    words.copyWithin(Place.operand, at, at + 3);
  } else if (fpu.underflow()) {
    fpu.out.setIndefinite();
    words[Place.operand] = fpu.out.low;
    words[Place.operand + 1] = fpu.out.high;
    words[Place.operand + 2] = pack80SignExponent(fpu.out);
  } else {
    return;
  }
  fpu.pop();
};

/** FLD ST(i): a copy of any encoding. */
const loadRegister: FpuOperation = (fpu, i) => {
  fpu.begin();
  if (!fpu.isEmpty(7) || fpu.isEmpty(i)) {
    if (fpu.isEmpty(i) ? fpu.underflow() : fpu.overflow()) {
      fpu.out.setIndefinite();
      fpu.push(fpu.out);
    }
    return;
  }
  fpu.top--;
  fpu.copy(i + 1, 0);
};

const storeRegister =
  (pops: boolean): FpuOperation =>
  (fpu, i) => {
    fpu.begin();
    if (!fpu.isEmpty(0)) {
      fpu.copy(0, i);
    } else if (fpu.underflow()) {
      storeIndefinite(fpu, i);
    } else {
      return;
    }
    if (pops) {
      fpu.pop();
    }
  };

/** FSTPNCE, a second FSTP ST(i) that does not mind an empty register: then it only pops. */
const storeWithoutCheck: FpuOperation = (fpu, i) => {
  fpu.begin();
  if (!fpu.isEmpty(0)) {
    fpu.copy(0, i);
  }
  fpu.pop();
};

const exchange: FpuOperation = (fpu, i) => {
  fpu.begin();
  if (fpu.isEmpty(0) || fpu.isEmpty(i)) {
    if (!fpu.underflow()) {
      return;
    }
    for (const register of [0, i]) {
      if (fpu.isEmpty(register)) {
        storeIndefinite(fpu, register);
      }
    }
  }
  const { words } = fpu;
  const at = fpu.placeOf(i);
  const [low, high, signExponent] = [words[at], words[at + 1], words[at + 2]];
  fpu.copy(0, i);
  fpu.storeBits(0, low, high, signExponent);
};

/** FCMOVcc: a copy if the operand is not 0; of an empty register, and to one, it is an invalid operation either way. */
const conditionalMove: FpuOperation = (fpu, i) => {
  if (fpu.isEmpty(0) || fpu.isEmpty(i)) {
    fpu.begin();
    if (fpu.underflow()) {
      storeIndefinite(fpu, 0);
    }
  } else if (fpu.words[Place.operand] !== 0) {
    fpu.copy(i, 0);
  }
};

const loadDecimal = pushing((fpu) => {
  fromDecimal({ low: fpu.state.get64("operand"), high: fpu.words[Place.operand + 2] & 0xffff }, fpu.a);
  return fpu.a;
});

const storeDecimal: FpuOperation = (fpu) => {
  const env = fpu.begin();
  if (fpu.isEmpty(0)) {
    if (!fpu.underflow()) {
      return;
    }
    fpu.a.setIndefinite();
  } else {
    fpu.load(0, fpu.a);
  }
  const { low, high } = toDecimal(fpu.a, env);
  if (fpu.settle()) {
    fpu.state.set64("operand", low);
    fpu.words[Place.operand + 2] = high;
    fpu.pop();
  }
};

/** Bits that constants are made with, before they are rounded as the control word says. */
const CONSTANT_BITS = 256;
const ONE = 1n << BigInt(CONSTANT_BITS);

/** ln 10, from ln 10 = 3 ln 2 + ln 1.25 and ln 1.25 = 2 artanh(1/9). */
function ln10(): bigint {
  let sum = 0n;
  let power = ONE / 9n;
  for (let odd = 1n; power > 0n; odd += 2n, power /= 81n) {
    sum += power / odd;
  }
  return 3n * ln2(CONSTANT_BITS) + 2n * sum;
}

/** The constants of FLDPI and the rest, in units of 2^-256. */
const irrational = {
  ldpi: () => pi(CONSTANT_BITS),
  ldln2: () => ln2(CONSTANT_BITS),
  ldl2e: () => (ONE * ONE) / ln2(CONSTANT_BITS),
  ldl2t: () => (ln10() * ONE) / ln2(CONSTANT_BITS),
  ldlg2: () => (ln2(CONSTANT_BITS) * ONE) / ln10(),
} as const;

/** FLDPI and the like: rounded as the RC field says, without the precision exception (SDM 2A, "FLD1/FLDL2T/..."). */
const constant = (value: () => bigint): FpuOperation => {
  const exact = new Real();
  return pushing((fpu) => {
    if (exact.high === 0) {
      exact.setScaled(false, value(), -CONSTANT_BITS);
    }
    fpu.a.copy(exact);
    fpu.round(fpu.a);
    fpu.env.flags = 0;
    fpu.env.roundedUp = false;
    return fpu.a;
  });
};

const exactConstant = (value: bigint): FpuOperation =>
  pushing((fpu) => {
    fpu.a.setScaled(false, value, 0);
    return fpu.a;
  });

export const transferOperations: FpuOperations = {
  "ld m32": loading(float32Format),
  "ld m64": loading(float64Format),
  "ld m80": loadExtended,
  "ld sti": loadRegister,
  "ld i16": loading(integerFormat(16)),
  "ld i32": loading(integerFormat(32)),
  "ld i64": loading(integerFormat(64)),
  "ld bcd": loadDecimal,
  "st m32": storing(float32Format, false),
  "st m64": storing(float64Format, false),
  "st sti": storeRegister(false),
  "st i16": storing(integerFormat(16), false),
  "st i32": storing(integerFormat(32), false),
  "stpnce sti": storeWithoutCheck,
  "stp m32": storing(float32Format, true),
  "stp m64": storing(float64Format, true),
  "stp m80": storeExtended,
  "stp sti": storeRegister(true),
  "stp i16": storing(integerFormat(16), true),
  "stp i32": storing(integerFormat(32), true),
  "stp i64": storing(integerFormat(64), true),
  "stp bcd": storeDecimal,
  "sttp i16": storing(integerFormat(16, Rounding.zero), true),
  "sttp i32": storing(integerFormat(32, Rounding.zero), true),
  "sttp i64": storing(integerFormat(64, Rounding.zero), true),
  "xch sti": exchange,
  "cmov sti": conditionalMove,
  ld1: exactConstant(1n),
  ldz: exactConstant(0n),
  ...Object.fromEntries(Object.entries(irrational).map(([name, value]) => [name, constant(value)])),
};
