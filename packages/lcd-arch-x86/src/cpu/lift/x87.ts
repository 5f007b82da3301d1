import { Register as IcedRegister, MemorySize, Mnemonic } from "iced-x86";
import { CodeMode } from "../code-mode";
import type { Value } from "../ir";
import { StateOffset } from "../state";
import { condition } from "./conditions";
import { stopForSystem } from "./data";
import type { Lift } from "./operands";
import type { LiftFunction, LiftTable } from "./table";
import { FPU_REGISTER_OPERAND, fpuCallout } from "./x87-callouts";

/** Vectors of #NM and #MF (SDM 3A, "Exception and Interrupt Reference"). */
const DEVICE_NOT_AVAILABLE = 7;
const FLOATING_POINT_ERROR = 16;
/** CR0.NE by its bit number, and ES in the x87 status word. */
const CR0_NE = 5;
const STATUS_ES = 7;

/**
 * Raises #NM when CR0.EM or CR0.TS is set, as x87 instructions do (SDM 3A, "Exception 7").
 *
 * @returns false when it is always raised: nothing else is to be lifted
 */
export function requireFpu({ b }: Lift): boolean {
  return requireClear(b, CodeMode.emulate | CodeMode.taskSwitched);
}

function requireClear(b: Lift["b"], bits: number): boolean {
  const available = (b.mode & bits) === 0;
  if (!available) {
    b.raiseIf(b.i32(1), DEVICE_NOT_AVAILABLE, null);
  }
  return available;
}

/**
 * Raises #MF when an unmasked exception is pending and CR0.NE is set (SDM 3A, "Exception 16"), or when it stops the
 * processor otherwise: interrupt/numeric-error.ts.
 */
export function raisePending({ b }: Lift): void {
  const summary = b.shrU(b.field32(StateOffset.fpuStatus), b.i32(STATUS_ES));
  const reported = b.shrU(b.field32(StateOffset.cr0), b.i32(CR0_NE));
  const stops = b.or(reported, b.field32(StateOffset.fpuErrorPins));
  b.raiseIf(b.and(b.and(summary, stops), b.i32(1)), FLOATING_POINT_ERROR, null);
}

/** What an instruction has besides its operation. */
interface X87Form {
  /** What is computed does not matter to pointers, and what is pending is not looked at. */
  control?: "waits" | "does not wait";
  /** Its memory operand is written. */
  stores?: boolean;
  /** ST(i) where the instruction names none. */
  register?: number;
}

/** Kinds of memory operands, as the names of operations have them. */
const memoryKinds: Readonly<Partial<Record<MemorySize, string>>> = {
  [MemorySize.Float32]: "m32",
  [MemorySize.Float64]: "m64",
  [MemorySize.Float80]: "m80",
  [MemorySize.Int16]: "i16",
  [MemorySize.UInt16]: "i16",
  [MemorySize.Int32]: "i32",
  [MemorySize.Int64]: "i64",
  [MemorySize.Bcd]: "bcd",
};

/** The number of a register operand ST(i); the other of two is always ST(0). */
const stackRegister = ({ instruction }: Lift): number =>
  Math.max(0, ...Array.from({ length: instruction.opCount }, (_, at) => instruction.opRegister(at) - IcedRegister.ST0));

/** The operation's whole name: with the kind of its operands. */
function fullName(lift: Lift, name: string, directed: boolean): string {
  const { instruction } = lift;
  if (lift.isMemory(0)) {
    return `${name} ${memoryKinds[instruction.memorySize]}`;
  }
  return directed && instruction.opRegister(0) === IcedRegister.ST0 ? `${name} top` : `${name} sti`;
}

/** Checks, operand, pointers, and the call for an operation of `x87/`; `name` is whole. */
function operate(lift: Lift, name: string, { control, stores = false, register }: X87Form = {}): boolean {
  const { b } = lift;
  if (!requireFpu(lift)) {
    return false;
  }
  if (control !== "does not wait") {
    raisePending(lift);
  }
  const memory = lift.isMemory(0);
  if (memory) {
    // What is stored to is loaded first: then it can be stored to without a fault once the operation is done.
    loadOperand(lift, stores);
  }
  if (control === undefined) {
    b.setField64(StateOffset.fpuIp, b.i64(b.currentRip));
    if (memory) {
      b.setField64(StateOffset.fpuDp, lift.effectiveAddress());
    }
  }
  b.setField32(FPU_REGISTER_OPERAND, b.i32(register ?? stackRegister(lift)));
  b.callout(fpuCallout(name));
  if (stores) {
    storeOperand(lift);
  }
  return true;
}

const WIDE_OPERAND = 10;
/** SDM 3A, "Alignment Requirements by Data Type". */
const WIDE_ALIGNMENT = 8;

const lowerAddress = (lift: Lift, forWrite: boolean): Value => lift.address(WIDE_OPERAND, forWrite, WIDE_ALIGNMENT);

/** The memory operand's bytes behind the first eight of ten. */
const upperAddress = (lift: Lift, forWrite: boolean): Value => lift.behind(lowerAddress(lift, forWrite), 8);

function loadOperand(lift: Lift, forWrite: boolean): void {
  const { b, throughStack } = lift;
  const size = lift.size(0);
  if (size === WIDE_OPERAND) {
    const low = b.load(8, lowerAddress(lift, forWrite), forWrite, throughStack);
    const high = b.load(2, upperAddress(lift, forWrite), forWrite, throughStack);
    b.setField64(StateOffset.operand, low);
    b.setField32(StateOffset.operand + 8, high);
  } else {
    b.setField64(StateOffset.operand, b.extendU(lift.read(0, size, forWrite)));
  }
}

function storeOperand(lift: Lift): void {
  const { b, throughStack } = lift;
  const size = lift.size(0);
  if (size === WIDE_OPERAND) {
    b.store(8, lowerAddress(lift, true), b.field64(StateOffset.operand), throughStack);
    b.store(2, upperAddress(lift, true), b.clean(b.field32(StateOffset.operand + 8), 2), throughStack);
  } else {
    const value = size === 8 ? b.field64(StateOffset.operand) : b.clean(b.field32(StateOffset.operand), size);
    lift.write(0, value);
  }
}

/** An instruction without operands, or with implied ones. */
const implied =
  (name: string, form: X87Form = {}): LiftFunction =>
  (lift) => {
    operate(lift, name, form);
  };

/** An instruction whose operation depends on the kind of its operand. */
const onOperand =
  (name: string, form: X87Form = {}): LiftFunction =>
  (lift) => {
    operate(lift, fullName(lift, name, false), form);
  };

/** Arithmetic: of two registers the first is the destination. */
const onDestination =
  (name: string): LiftFunction =>
  (lift) => {
    operate(lift, fullName(lift, name, true));
  };

/** FCOMI and its like: the operation changes ZF, PF and CF in its operand, and OF, SF and AF become 0. */
const toFlags =
  (name: string): LiftFunction =>
  (lift) => {
    const { b } = lift;
    b.setField64(StateOffset.operand, b.extendU(b.allFlags()));
    if (operate(lift, `${name} sti`)) {
      b.setAllFlags(b.field32(StateOffset.operand));
    }
  };

const conditionalMove =
  (code: number): LiftFunction =>
  (lift) => {
    const { b } = lift;
    b.setField64(StateOffset.operand, b.extendU(condition(b, code)));
    operate(lift, "cmov sti");
  };

/** FNSTSW and FNSTCW: a word of the state. */
const storeWord =
  (field: number): LiftFunction =>
  (lift) => {
    if (requireFpu(lift)) {
      lift.write(0, lift.b.clean(lift.b.field32(field), 2));
    }
  };

/** FNSTENV, FLDENV, FNSAVE and FRSTOR: done by `cpu/system/`. Operands: bytes of an integer operand, 2 or 4. */
const onImage =
  (operation: string, stores: boolean): LiftFunction =>
  (lift) => {
    const { b, instruction } = lift;
    if (!requireFpu(lift)) {
      return;
    }
    if (!stores) {
      raisePending(lift);
    }
    const narrow = instruction.memorySize === MemorySize.FpuEnv14 || instruction.memorySize === MemorySize.FpuState94;
    const integer = narrow ? 2 : 4;
    b.setField64(StateOffset.slowAddress, lift.address(lift.size(0), stores, integer));
    stopForSystem(lift, operation, [integer]);
  };

/** FWAIT: #NM only when CR0.MP and CR0.TS are both set. */
const wait: LiftFunction = (lift) => {
  const { mode } = lift.b;
  if ((mode & CodeMode.monitor) === 0 || requireClear(lift.b, CodeMode.taskSwitched)) {
    raisePending(lift);
  }
};

/** FNOP waits; what the 8087 and 80287 had besides is nothing now, and does not. */
const nothing =
  (waits: boolean): LiftFunction =>
  (lift) => {
    if (requireFpu(lift) && waits) {
      raisePending(lift);
    }
  };

const conditionalMoves = [
  [Mnemonic.Fcmovb, 2],
  [Mnemonic.Fcmovnb, 3],
  [Mnemonic.Fcmove, 4],
  [Mnemonic.Fcmovne, 5],
  [Mnemonic.Fcmovbe, 6],
  [Mnemonic.Fcmovnbe, 7],
  [Mnemonic.Fcmovu, 10],
  [Mnemonic.Fcmovnu, 11],
] as const;

/** Instructions that go on in their block. */
const inBlock: LiftTable = [
  [Mnemonic.Fadd, onDestination("add")],
  [Mnemonic.Fmul, onDestination("mul")],
  [Mnemonic.Fsub, onDestination("sub")],
  [Mnemonic.Fsubr, onDestination("subr")],
  [Mnemonic.Fdiv, onDestination("div")],
  [Mnemonic.Fdivr, onDestination("divr")],
  [Mnemonic.Fiadd, onOperand("add")],
  [Mnemonic.Fimul, onOperand("mul")],
  [Mnemonic.Fisub, onOperand("sub")],
  [Mnemonic.Fisubr, onOperand("subr")],
  [Mnemonic.Fidiv, onOperand("div")],
  [Mnemonic.Fidivr, onOperand("divr")],
  [Mnemonic.Faddp, implied("add pop")],
  [Mnemonic.Fmulp, implied("mul pop")],
  [Mnemonic.Fsubp, implied("sub pop")],
  [Mnemonic.Fsubrp, implied("subr pop")],
  [Mnemonic.Fdivp, implied("div pop")],
  [Mnemonic.Fdivrp, implied("divr pop")],
  [Mnemonic.Fld, onOperand("ld")],
  [Mnemonic.Fild, onOperand("ld")],
  [Mnemonic.Fbld, onOperand("ld")],
  [Mnemonic.Fst, (lift) => void operate(lift, fullName(lift, "st", false), { stores: lift.isMemory(0) })],
  [Mnemonic.Fstp, (lift) => void operate(lift, fullName(lift, "stp", false), { stores: lift.isMemory(0) })],
  [Mnemonic.Fstpnce, implied("stpnce sti")],
  [Mnemonic.Fist, onOperand("st", { stores: true })],
  [Mnemonic.Fistp, onOperand("stp", { stores: true })],
  [Mnemonic.Fisttp, onOperand("sttp", { stores: true })],
  [Mnemonic.Fbstp, onOperand("stp", { stores: true })],
  [Mnemonic.Fxch, implied("xch sti")],
  ...conditionalMoves.map(([mnemonic, code]) => [mnemonic, conditionalMove(code)] as const),
  [Mnemonic.Fcom, onOperand("com")],
  [Mnemonic.Fcomp, onOperand("comp")],
  [Mnemonic.Ficom, onOperand("com")],
  [Mnemonic.Ficomp, onOperand("comp")],
  [Mnemonic.Fcompp, implied("compp sti", { register: 1 })],
  [Mnemonic.Fucom, onOperand("ucom")],
  [Mnemonic.Fucomp, onOperand("ucomp")],
  [Mnemonic.Fucompp, implied("ucompp sti", { register: 1 })],
  [Mnemonic.Fcomi, toFlags("comi")],
  [Mnemonic.Fcomip, toFlags("comip")],
  [Mnemonic.Fucomi, toFlags("ucomi")],
  [Mnemonic.Fucomip, toFlags("ucomip")],
  [Mnemonic.Ftst, implied("tst")],
  [Mnemonic.Fxam, implied("xam")],
  [Mnemonic.Fchs, implied("chs")],
  [Mnemonic.Fabs, implied("abs")],
  [Mnemonic.Fld1, implied("ld1")],
  [Mnemonic.Fldz, implied("ldz")],
  [Mnemonic.Fldpi, implied("ldpi")],
  [Mnemonic.Fldl2t, implied("ldl2t")],
  [Mnemonic.Fldl2e, implied("ldl2e")],
  [Mnemonic.Fldlg2, implied("ldlg2")],
  [Mnemonic.Fldln2, implied("ldln2")],
  [Mnemonic.Fsqrt, implied("sqrt")],
  [Mnemonic.Frndint, implied("rndint")],
  [Mnemonic.Fscale, implied("scale")],
  [Mnemonic.Fxtract, implied("xtract")],
  [Mnemonic.Fprem, implied("prem")],
  [Mnemonic.Fprem1, implied("prem1")],
  [Mnemonic.F2xm1, implied("2xm1")],
  [Mnemonic.Fyl2x, implied("yl2x")],
  [Mnemonic.Fyl2xp1, implied("yl2xp1")],
  [Mnemonic.Fptan, implied("ptan")],
  [Mnemonic.Fpatan, implied("patan")],
  [Mnemonic.Fsin, implied("sin")],
  [Mnemonic.Fcos, implied("cos")],
  [Mnemonic.Fsincos, implied("sincos")],
  [Mnemonic.Fdecstp, implied("decstp")],
  [Mnemonic.Fincstp, implied("incstp")],
  [Mnemonic.Ffree, implied("free sti")],
  [Mnemonic.Ffreep, implied("freep sti")],
  [Mnemonic.Fldcw, onOperand("ldcw", { control: "waits" })],
  [Mnemonic.Fnclex, implied("clex", { control: "does not wait" })],
  [Mnemonic.Fninit, implied("init", { control: "does not wait" })],
  [Mnemonic.Fnstcw, storeWord(StateOffset.fpuControl)],
  [Mnemonic.Fnstsw, storeWord(StateOffset.fpuStatus)],
  [Mnemonic.Wait, wait],
  [Mnemonic.Fnop, nothing(true)],
  [Mnemonic.Fneni, nothing(false)],
  [Mnemonic.Fndisi, nothing(false)],
  [Mnemonic.Fnsetpm, nothing(false)],
];

/** Instructions that end their block, because `cpu/system/` does them. */
export const x87Images: LiftTable = [
  [Mnemonic.Fnstenv, onImage("fnstenv", true)],
  [Mnemonic.Fldenv, onImage("fldenv", false)],
  [Mnemonic.Fnsave, onImage("fnsave", true)],
  [Mnemonic.Frstor, onImage("frstor", false)],
];

/** The x87 instructions: with an operand in memory, a general-purpose register, or none, and with ST registers. */
export const x87Instructions: LiftTable = [...inBlock, ...x87Images];
