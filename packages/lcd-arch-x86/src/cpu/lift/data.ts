import { Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../ir";
import { Gpr, Rflags, StateOffset } from "../state";
import { liftCompare } from "./arithmetic";
import { carryFlag, condition } from "./conditions";
import { gprOperand, isGpr, type Lift, segmentNumber } from "./operands";
import type { LiftTable } from "./table";

const move = (lift: Lift): void => lift.write(0, lift.read(1, lift.size(0)));

/** MOV from a segment register, from or to a control or debug register: done by `cpu/system/`, which knows what it changes. */
export const moveSystemRegister = (lift: Lift): void => {
  const { b, instruction } = lift;
  const special = [0, 1].findIndex(
    (operand) => lift.kind(operand) === OpKind.Register && !isGpr(instruction.opRegister(operand)),
  );
  const register = instruction.opRegister(special);
  const other = 1 - special;
  if (lift.isMemory(other)) {
    // Only segment registers move to memory: two bytes.
    const selector = b.field32(StateOffset.segmentSelector + 4 * segmentNumber(register));
    b.store(2, lift.address(2, true), selector, lift.throughStack);
    return;
  }
  const gpr = gprOperand(instruction.opRegister(other));
  stopForSystem(lift, special === 0 ? "moveToSpecial" : "moveFromSpecial", [register, gpr.register, gpr.size]);
};

/** Ends the block: the instruction is executed by `cpu/system/` under `operation`. */
export function stopForSystem(lift: Lift, operation: string, operands: readonly number[] = []): void {
  const { b, throughStack } = lift;
  b.terminator = { kind: "stop", site: b.site({ kind: "system", operation, operands, stack: throughStack }) };
}

/** PAUSE: so many of them, and other processors go on. */
const pause = ({ b }: Lift): void => {
  const left = b.sub(b.field32(StateOffset.pausesLeft), b.i32(1));
  b.setField32(StateOffset.pausesLeft, left);
  b.systemIf(b.eqz(left), "pause");
};

const exchange = (lift: Lift): void => {
  const size = lift.size(0);
  const first = lift.read(0, size, true);
  const second = lift.read(1, size);
  lift.write(0, second);
  lift.write(1, first);
};

/** CMPXCHG: compares with RAX; equal, the source is stored; not, the destination goes to RAX. It is written either way. */
const compareExchange = (lift: Lift): void => {
  const { b } = lift;
  const size = lift.size(0);
  const destination = lift.read(0, size, true);
  const source = lift.read(1, size);
  const expected = lift.gpr(Gpr.rax, size);
  const equal = b.eq(expected, destination);
  const whole = b.register(Gpr.rax);
  const register = destinationRegister(lift);
  if (size === 4 && register >= 0) {
    // Only a match clears the upper half of a destination register.
    b.setRegister(register, b.select(equal, b.extendU(source), b.register(register)));
  } else {
    lift.write(0, b.select(equal, source, destination));
  }
  liftCompare(lift, size, expected, destination);
  const left = register === Gpr.rax ? b.register(Gpr.rax) : whole;
  if (size === 4) {
    // On a match RAX keeps its upper half.
    b.setRegister(Gpr.rax, b.select(equal, left, b.extendU(destination)));
  } else {
    lift.setGpr(Gpr.rax, size, b.select(equal, b.wrapTo(left, size), destination));
  }
};

/** The register that operand 0 names, or -1 when it is memory. */
const destinationRegister = (lift: Lift): number =>
  lift.isMemory(0) ? -1 : gprOperand(lift.instruction.opRegister(0)).register;

/** CMPXCHG8B and CMPXCHG16B; ZF only. CMPXCHG16B wants its operand aligned: #GP(0). */
const compareExchangePair =
  (half: 4 | 8) =>
  (lift: Lift): void => {
    const { b } = lift;
    const address = lift.address(2 * half, true);
    if (half === 8) {
      b.raiseIf(b.wrap(b.and(address, b.i64(15))), 13, 0);
    } else {
      lift.requireCanonical(lift.behind(address, 2 * half - 1));
    }
    const upper = lift.behind(address, half);
    const low = b.load(half, address, true, lift.throughStack);
    const high = b.load(half, upper, true, lift.throughStack);
    const equal = b.and(b.eq(low, lift.gpr(Gpr.rax, half)), b.eq(high, lift.gpr(Gpr.rdx, half)));
    const flags = b.allFlags();
    // The upper half first: it alone can lie on a page that stops the store.
    b.store(half, upper, b.select(equal, lift.gpr(Gpr.rcx, half), high), lift.throughStack);
    b.store(half, address, b.select(equal, lift.gpr(Gpr.rbx, half), low), lift.throughStack);
    const rax = b.register(Gpr.rax);
    const rdx = b.register(Gpr.rdx);
    b.setRegister(Gpr.rax, b.select(equal, rax, b.extendU(low)));
    b.setRegister(Gpr.rdx, b.select(equal, rdx, b.extendU(high)));
    b.setAllFlags(b.or(b.and(flags, b.i32(~Rflags.ZF)), b.shl(equal, b.i32(6))));
  };

const reversed = ({ b }: Lift, value: Value, size: number): Value => {
  switch (size) {
    case 2:
      return b.clean(b.or(b.shl(value, b.i32(8)), b.shrU(value, b.i32(8))), 2);
    case 4:
      return swap32(b, value);
    default:
      return b.or(
        b.shl(b.extendU(swap32(b, b.wrap(value))), b.i64(32)),
        b.extendU(swap32(b, b.wrap(b.shrU(value, b.i64(32))))),
      );
  }
};

/** Byte order of an i32 reversed: two rotates and two masks. */
const swap32 = (b: Lift["b"], value: Value): Value =>
  b.or(b.and(b.rotl(value, b.i32(8)), b.i32(0x00ff00ff)), b.and(b.rotr(value, b.i32(8)), b.i32(0xff00ff00 | 0)));

const byteSwap = (lift: Lift): void => {
  const size = lift.size(0);
  // BSWAP of a 16-bit register is undefined; processors give 0.
  lift.write(0, size === 2 ? lift.b.i32(0) : reversed(lift, lift.read(0, size), size));
};

const moveReversed = (lift: Lift): void => {
  const size = lift.size(0);
  lift.write(0, reversed(lift, lift.read(1, size), size));
};

/** CMOVcc: a 32-bit destination has its upper half cleared even when the condition does not hold. */
const conditionalMove =
  (code: number) =>
  (lift: Lift): void => {
    const size = lift.size(0);
    const source = lift.read(1, size);
    lift.write(0, lift.b.select(condition(lift.b, code), source, lift.read(0, size)));
  };

const setOnCondition =
  (code: number) =>
  (lift: Lift): void =>
    lift.write(0, condition(lift.b, code));

const cmov = [
  Mnemonic.Cmovo,
  Mnemonic.Cmovno,
  Mnemonic.Cmovb,
  Mnemonic.Cmovae,
  Mnemonic.Cmove,
  Mnemonic.Cmovne,
  Mnemonic.Cmovbe,
  Mnemonic.Cmova,
  Mnemonic.Cmovs,
  Mnemonic.Cmovns,
  Mnemonic.Cmovp,
  Mnemonic.Cmovnp,
  Mnemonic.Cmovl,
  Mnemonic.Cmovge,
  Mnemonic.Cmovle,
  Mnemonic.Cmovg,
];

const setcc = [
  Mnemonic.Seto,
  Mnemonic.Setno,
  Mnemonic.Setb,
  Mnemonic.Setae,
  Mnemonic.Sete,
  Mnemonic.Setne,
  Mnemonic.Setbe,
  Mnemonic.Seta,
  Mnemonic.Sets,
  Mnemonic.Setns,
  Mnemonic.Setp,
  Mnemonic.Setnp,
  Mnemonic.Setl,
  Mnemonic.Setge,
  Mnemonic.Setle,
  Mnemonic.Setg,
];

/** The flags that LAHF and SAHF carry. */
const AH_FLAGS = Rflags.SF | Rflags.ZF | Rflags.AF | Rflags.PF | Rflags.CF;
const AH = { register: Gpr.rax, size: 1, high: true };

const loadFlags = (lift: Lift): void => {
  const { b } = lift;
  lift.writeGpr(AH, b.or(b.and(b.allFlags(), b.i32(AH_FLAGS)), b.i32(Rflags.fixed)));
};

const storeFlags = (lift: Lift): void => {
  const { b } = lift;
  const kept = b.and(b.allFlags(), b.i32(Rflags.OF));
  b.setAllFlags(b.or(kept, b.and(lift.readGpr(AH), b.i32(AH_FLAGS))));
};

const direction =
  (set: boolean) =>
  ({ b }: Lift): void => {
    const flags = b.field32(StateOffset.systemFlags);
    const value = set ? b.or(flags, b.i32(Rflags.DF)) : b.and(flags, b.i32(~Rflags.DF));
    b.setField32(StateOffset.systemFlags, value);
  };

/** XLAT: AL from the table at RBX. The address is a memory operand with base RBX and index AL. */
const translate = (lift: Lift): void => {
  const { b, instruction } = lift;
  const sum = b.add(b.register(Gpr.rbx), b.extendU(lift.gpr(Gpr.rax, 1)));
  const offset = lift.within(sum, gprOperand(instruction.memoryBase).size);
  const address = lift.segmented(offset, instruction.memorySegment, 1, false);
  lift.setGpr(Gpr.rax, 1, b.load(1, address, false, lift.isStack(instruction.memorySegment)));
};

const nothing = (): void => {};

export const dataMovement: LiftTable = [
  [Mnemonic.Mov, move],
  [
    Mnemonic.Lea,
    (lift) => {
      const size = lift.size(0);
      const address = lift.effectiveAddress();
      lift.write(0, size === 8 ? address : lift.b.clean(lift.b.wrap(address), size));
    },
  ],
  [Mnemonic.Xchg, exchange],
  [Mnemonic.Cmpxchg, compareExchange],
  [Mnemonic.Cmpxchg8b, compareExchangePair(4)],
  [Mnemonic.Cmpxchg16b, compareExchangePair(8)],
  [Mnemonic.Bswap, byteSwap],
  [Mnemonic.Movbe, moveReversed],
  [Mnemonic.Movnti, move],
  ...cmov.map((mnemonic, code) => [mnemonic, conditionalMove(code)] as const),
  ...setcc.map((mnemonic, code) => [mnemonic, setOnCondition(code)] as const),
  [Mnemonic.Xlatb, translate],
  [Mnemonic.Lahf, loadFlags],
  [Mnemonic.Sahf, storeFlags],
  [Mnemonic.Clc, ({ b }) => b.overrideFlags(b.i32(0))],
  [Mnemonic.Stc, ({ b }) => b.overrideFlags(b.i32(1))],
  [Mnemonic.Cmc, ({ b }) => b.overrideFlags(b.eqz(carryFlag(b)))],
  [Mnemonic.Cld, direction(false)],
  [Mnemonic.Std, direction(true)],
  [Mnemonic.Nop, nothing],
  [Mnemonic.Endbr64, nothing],
  [Mnemonic.Endbr32, nothing],
  [Mnemonic.Pause, pause],
  [Mnemonic.Lfence, nothing],
  [Mnemonic.Sfence, nothing],
  [Mnemonic.Mfence, nothing],
  [Mnemonic.Reservednop, nothing],
];
