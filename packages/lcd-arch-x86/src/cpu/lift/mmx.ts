import { Register as IcedRegister, Mnemonic, OpKind } from "iced-x86";
import { CodeMode } from "../code-mode";
import type { PureOperation, Value } from "../ir";
import { Gpr, StateOffset } from "../state";
import { packedOperations } from "./mmx-operations";
import type { Lift } from "./operands";
import type { PackedOperation } from "./packed-lanewise";
import { packedShifts } from "./packed-shifts";
import { INVALID_OPCODE } from "./system";
import type { LiftFunction, LiftTable } from "./table";
import { raisePending, requireFpu } from "./x87";

/** Bytes from one register of the x87 unit to the next in the state; its sign and exponent are behind the significand. */
const REGISTER_STRIDE = 16;
const SIGN_EXPONENT = 8;
/** TOP in the x87 status word. */
const TOP_FIELD = 7 << 11;
const ALL_REGISTERS = 0xff;

/** An instruction's MMX registers are MM0 to MM7, wherever a REX prefix might point. */
const numberOf = (register: IcedRegister): number => register - IcedRegister.MM0;

const registerOffset = (number: number): number => StateOffset.st + number * REGISTER_STRIDE;

const isMmx = (lift: Lift, operand: number): boolean => {
  const register = lift.instruction.opRegister(operand);
  return lift.kind(operand) === OpKind.Register && register >= IcedRegister.MM0 && register <= IcedRegister.MM7;
};

/**
 * What every MMX instruction does first: #UD when CR0.EM is set, #NM when CR0.TS is, #MF when an x87 exception is
 * pending (SDM 3A, "Intel MMX Technology System Programming").
 *
 * @returns false when it always raises an exception
 */
export function requireMmx(lift: Lift): boolean {
  const { b } = lift;
  if ((b.mode & CodeMode.emulate) !== 0) {
    b.raiseIf(b.i32(1), INVALID_OPCODE, null);
    return false;
  }
  if (!requireFpu(lift)) {
    return false;
  }
  raisePending(lift);
  return true;
}

/** What every MMX instruction but EMMS leaves: TOP 0, no register empty (SDM 3A, "Effect of MMX Instructions on x87 State"). */
export function touchMmx({ b }: Lift): void {
  setTags(b, ALL_REGISTERS);
}

function setTags(b: Lift["b"], tags: number): void {
  b.setField32(StateOffset.fpuStatus, b.and(b.field32(StateOffset.fpuStatus), b.i32(~TOP_FIELD)));
  b.setField32(StateOffset.fpuTags, b.i32(tags));
}

/** MMX register `number`, an i64. */
export const readMmx = ({ b }: Lift, number: number): Value => b.field64(registerOffset(number));

/** Writes MMX register `number`; the sign and exponent that an x87 instruction would see become ones. */
export function writeMmx({ b }: Lift, number: number, value: Value): void {
  b.setField64(registerOffset(number), value);
  b.setField64(registerOffset(number) + SIGN_EXPONENT, b.i64(0xffff));
}

/** An operand of 64 bits, an i64: an MMX register, memory of 4 or 8 bytes, or a general-purpose register. */
function readSource(lift: Lift, operand: number): Value {
  return isMmx(lift, operand)
    ? readMmx(lift, numberOf(lift.instruction.opRegister(operand)))
    : lift.b.extendU(lift.read(operand, lift.size(operand)));
}

const destination = ({ instruction }: Lift): number => numberOf(instruction.opRegister(0));

const spread = (lift: Lift, value: Value): Value => lift.b.pure("i64x2.splat", value);
const lowerHalf = (lift: Lift, vector: Value): Value => lift.b.lane("i64x2.extract_lane", 0, vector);

/** mm = operation of mm and mm/m64. */
const packed =
  (operation: PackedOperation): LiftFunction =>
  (lift) => {
    if (!requireMmx(lift)) {
      return;
    }
    const register = destination(lift);
    const source = spread(lift, readSource(lift, 1));
    const result = operation(lift.b, spread(lift, readMmx(lift, register)), source);
    writeMmx(lift, register, lowerHalf(lift, result));
    touchMmx(lift);
  };

/** Shifts by an immediate or a whole register: counts of the width or more shift everything out. */
const shift =
  (operation: PureOperation, width: 16 | 32 | 64): LiftFunction =>
  (lift) => {
    if (!requireMmx(lift)) {
      return;
    }
    const { b } = lift;
    const register = destination(lift);
    const immediate = lift.kind(1) === OpKind.Immediate8;
    const count = immediate ? b.i64(lift.immediate(1)) : readSource(lift, 1);
    const most = b.i64(width - 1);
    const within = b.leU(count, most);
    const arithmetic = operation.endsWith("shr_s");
    const cut = b.wrap(arithmetic ? b.select(within, count, most) : count);
    const shifted = lowerHalf(lift, b.pure(operation, spread(lift, readMmx(lift, register)), cut));
    writeMmx(lift, register, arithmetic ? shifted : b.select(within, shifted, b.i64(0)));
    touchMmx(lift);
  };

/** MOVD and MOVQ, in all directions; MOVNTQ. */
const move: LiftFunction = (lift) => {
  if (!requireMmx(lift)) {
    return;
  }
  const value = readSource(lift, 1);
  if (isMmx(lift, 0)) {
    writeMmx(lift, destination(lift), value);
  } else {
    lift.write(0, lift.b.wrapTo(value, lift.size(0)));
  }
  touchMmx(lift);
};

/** An instruction with an immediate as its third operand. */
const withImmediate =
  (compute: (lift: Lift, source: Value, immediate: number) => Value): LiftFunction =>
  (lift) => {
    if (!requireMmx(lift)) {
      return;
    }
    const source = readSource(lift, 1);
    writeMmx(lift, destination(lift), compute(lift, source, Number(lift.immediate(2))));
    touchMmx(lift);
  };

/** PSHUFW: two bits of the immediate choose each word. */
const shuffleWords = withImmediate((lift, source, immediate) => {
  const words = [0, 1, 2, 3].map((word) => (immediate >> (word * 2)) & 3);
  const bytes = words.flatMap((word) => [word * 2, word * 2 + 1]);
  const vector = spread(lift, source);
  return lowerHalf(lift, lift.b.shuffle(vector, vector, [...bytes, ...bytes]));
});

/** PALIGNR: eight bytes of the destination above the source, from a byte on; behind them there are zeros. */
const alignRight = withImmediate((lift, source, immediate) => {
  const { b } = lift;
  const both = b.lane("i64x2.replace_lane", 1, spread(lift, source), readMmx(lift, destination(lift)));
  const bytes = Array.from({ length: 16 }, (_, at) => Math.min(at + immediate, 16));
  return lowerHalf(lift, b.shuffle(both, b.v128(0n), bytes));
});

/** PINSRW: a word from a general-purpose register or memory. */
const insertWord: LiftFunction = (lift) => {
  if (!requireMmx(lift)) {
    return;
  }
  const { b } = lift;
  const word = b.wrap(lift.read(1, lift.isMemory(1) ? 2 : lift.size(1)));
  const vector = spread(lift, readMmx(lift, destination(lift)));
  const inserted = b.lane("i16x8.replace_lane", Number(lift.immediate(2)) & 3, vector, word);
  writeMmx(lift, destination(lift), lowerHalf(lift, inserted));
  touchMmx(lift);
};

/** PEXTRW and PMOVMSKB: a number for a general-purpose register. */
const toGeneral =
  (compute: (lift: Lift, vector: Value) => Value): LiftFunction =>
  (lift) => {
    if (!requireMmx(lift)) {
      return;
    }
    const result = compute(lift, spread(lift, readSource(lift, 1)));
    lift.write(0, lift.size(0) === 8 ? lift.b.extendU(result) : result);
    touchMmx(lift);
  };

const extractWord = toGeneral((lift, vector) =>
  lift.b.lane("i16x8.extract_lane_u", Number(lift.immediate(2)) & 3, vector),
);

const moveMask = toGeneral(({ b }, vector) => b.and(b.pure("i8x16.bitmask", vector), b.i32(0xff)));

/** Bytes of the address in MASKMOVQ's implied operand [DI], [EDI] or [RDI]. */
const addressBytes: Readonly<Partial<Record<OpKind, number>>> = {
  [OpKind.MemorySegDI]: 2,
  [OpKind.MemorySegEDI]: 4,
  [OpKind.MemorySegRDI]: 8,
};

/** MASKMOVQ: stores the bytes whose mask has its top bit set. The others are stored as they are. */
const maskedMove: LiftFunction = (lift) => {
  if (!requireMmx(lift)) {
    return;
  }
  const { b, instruction } = lift;
  const offset = lift.within(b.register(Gpr.rdi), addressBytes[lift.kind(0)] ?? 8);
  const address = lift.segmented(offset, instruction.memorySegment, 8, true);
  const old = spread(lift, b.load(8, address, true));
  const mask = b.pure("i8x16.lt_s", spread(lift, readSource(lift, 2)), b.v128(0n));
  const chosen = b.pure("v128.bitselect", spread(lift, readSource(lift, 1)), old, mask);
  b.store(8, address, lowerHalf(lift, chosen));
  touchMmx(lift);
};

/** MOVQ2DQ and MOVDQ2Q, which are SSE2 instructions, too: they need CR4.OSFXSR. */
const betweenUnits: LiftFunction = (lift) => {
  const { b, instruction } = lift;
  if ((b.mode & CodeMode.sse) === 0) {
    b.raiseIf(b.i32(1), INVALID_OPCODE, null);
    return;
  }
  if (!requireMmx(lift)) {
    return;
  }
  const [to, from] = [instruction.opRegister(0), instruction.opRegister(1)];
  if (isMmx(lift, 0)) {
    writeMmx(lift, numberOf(to), lowerHalf(lift, b.xmm(from - IcedRegister.XMM0)));
  } else {
    b.setXmm(to - IcedRegister.XMM0, b.lane("i64x2.replace_lane", 0, b.v128(0n), readMmx(lift, numberOf(from))));
  }
  touchMmx(lift);
};

/** EMMS: all registers are empty for x87 instructions again. */
const empty: LiftFunction = (lift) => {
  if (requireMmx(lift)) {
    setTags(lift.b, 0);
  }
};

/** The MMX instructions, and those of SSE to SSSE3 on MMX registers that compute with integers alone. */
export const mmxInstructions: LiftTable = [
  ...packedOperations.map(([mnemonic, operation]) => [mnemonic, packed(operation)] as const),
  ...packedShifts.map(([mnemonic, operation, width]) => [mnemonic, shift(operation, width)] as const),
  [Mnemonic.Movd, move],
  [Mnemonic.Movq, move],
  [Mnemonic.Movntq, move],
  [Mnemonic.Pshufw, shuffleWords],
  [Mnemonic.Palignr, alignRight],
  [Mnemonic.Pinsrw, insertWord],
  [Mnemonic.Pextrw, extractWord],
  [Mnemonic.Pmovmskb, moveMask],
  [Mnemonic.Maskmovq, maskedMove],
  [Mnemonic.Movq2dq, betweenUnits],
  [Mnemonic.Movdq2q, betweenUnits],
];

/** EMMS has no register that would tell it for an MMX instruction. */
export const mmxWithoutRegisters: LiftTable = [[Mnemonic.Emms, empty]];
