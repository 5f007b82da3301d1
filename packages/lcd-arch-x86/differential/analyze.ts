import {
  Decoder,
  DecoderOptions,
  FlowControl,
  Instruction,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
  RegisterExt,
  RflagsBits,
} from "iced-x86";
import type { TestCase } from "./case";
import { type CodeSize, kinds } from "./kinds";
import { Layout } from "./layout";
import { descriptorOf } from "./segments";
import { codeSegmentBase } from "./start-segments";
import {
  ALL_FLAGS,
  approximations,
  c1Writers,
  countedInstructions,
  Flag,
  flagsLeftUndefined,
  forgetful,
  maskLoaders,
  partial,
  resultIsUndefined,
  type ShiftCount,
  stepwise,
} from "./undefined";

/** What can be compared after a case: the flags that are undefined when it stops, by where it stops. */
export interface Analysis {
  /** Offset of each instruction. */
  readonly offsets: readonly number[];
  /** Flags that are undefined before the instruction at an offset, or after the last one. */
  readonly undefinedAt: ReadonlyMap<number, number>;
  /** Whether its last instruction has results that are only defined within a bound. */
  readonly approximate: boolean;
  /** Whether C1 of the x87 status word is compared. */
  readonly c1: boolean;
  /** Whether an exception of the x87 may have been forgotten at its end, and whether it has loaded masks of exceptions. */
  readonly forgets: boolean;
  readonly loadsMasks: boolean;
  /** Whether its exceptions come one after the other, so that flags may be missing when one is raised. */
  readonly stepwise: boolean;
  /** Offsets of instructions that may have changed registers when they fault. */
  readonly partial: ReadonlySet<number>;
}

interface Step {
  readonly offset: number;
  readonly next: number;
  readonly reads: number;
  readonly writes: number;
  /** Written, but with no defined value. */
  readonly undefined: number;
  /** It may leave all flags as they were. */
  readonly mayKeep: boolean;
  readonly flow: "next" | "branch" | "conditional" | "call" | "return" | "stop";
  /** Offset that a branch or call goes to. */
  readonly target: number;
  readonly mnemonic: number;
}

/**
 * Follows the undefined flags through a case.
 *
 * @returns null when its outcome would depend on something undefined, or when it cannot be followed
 */
export function analyze(test: Code): Analysis | null {
  const { code } = test;
  const place = { bits: kinds[test.kind].bits, ...placeOf(test) };
  const steps = decodeSteps(code, place);
  const targets = new Set(
    [...(steps?.values() ?? [])].filter(({ flow }) => flow !== "next").map(({ target }) => target),
  );
  const known = targets.size > 0 ? decodeSteps(code, place, targets) : steps;
  return known && follow(known, code.length);
}

type Code = Pick<TestCase, "kind" | "code" | "start" | "classes">;

/** Where code is: its first instruction pointer, and the base of its segment. */
interface Place {
  readonly address: number;
  readonly segment: number;
}

/** Where the code of a case is. */
export function placeOf(test: Code): Place {
  const segment = codeSegmentBase(test);
  return { address: Layout.codeBase + test.start - segment, segment };
}

interface CodePlace extends Place {
  readonly bits: CodeSize;
}

/** Whether a case that ended like this has left its instructions, and what it then did is no test of anything. */
export function wentAstray(analysis: Analysis, offset: number): boolean {
  return offset >= -Layout.codeSize && offset < Layout.codeSize && !analysis.undefinedAt.has(offset);
}

/** Flags whose value does not count when a case has stopped at `offset`. */
export function undefinedFlagsAt(analysis: Analysis, offset: number): number {
  return analysis.undefinedAt.get(offset) ?? ALL_FLAGS;
}

function follow(steps: ReadonlyMap<number, Step>, end: number): Analysis | null {
  const undefinedAt = new Map<number, number>();
  const trapped = new Map<number, number>();
  const returnPoints = [...steps.values()].filter(({ flow }) => flow === "call").map(({ next }) => next);
  const work: [number, number][] = [[0, 0]];
  for (let item = work.pop(); item; item = work.pop()) {
    const [offset, flags] = item;
    const known = undefinedAt.get(offset);
    const merged = (known ?? 0) | flags;
    if (merged === known) {
      continue;
    }
    undefinedAt.set(offset, merged);
    if (offset === end) {
      continue;
    }
    const step = steps.get(offset);
    if (!step || step.reads & merged) {
      return null;
    }
    const after = (step.mayKeep ? merged : merged & ~step.writes) | step.undefined;
    work.push(...successors(step, returnPoints).map((to): [number, number] => [to, after]));
    if (step.flow === "stop") {
      // A trap reports the instruction after it.
      trapped.set(step.next, (trapped.get(step.next) ?? 0) | after);
    }
  }
  for (const [offset, flags] of trapped) {
    undefinedAt.set(offset, (undefinedAt.get(offset) ?? 0) | flags);
  }
  const all = [...steps.values()];
  return {
    offsets: [...steps.keys()],
    undefinedAt,
    approximate: all.some(({ mnemonic }) => approximations.has(mnemonic)),
    c1: !all.some(({ mnemonic }) => approximations.has(mnemonic) || c1Writers.has(mnemonic)),
    forgets: all.some(({ mnemonic }) => forgetful.has(mnemonic)),
    loadsMasks: all.some(({ mnemonic }) => maskLoaders.has(mnemonic)),
    stepwise: all.some(({ mnemonic }) => stepwise.has(mnemonic)),
    partial: new Set(all.filter(({ mnemonic }) => partial.has(mnemonic)).map(({ offset }) => offset)),
  };
}

function successors(step: Step, returnPoints: readonly number[]): readonly number[] {
  switch (step.flow) {
    case "next":
      return [step.next];
    case "branch":
    case "call":
      return [step.target];
    case "conditional":
      return [step.next, step.target];
    case "return":
      return returnPoints;
    case "stop":
      return [];
  }
}

/** @param targets offsets that branches go to: there, nothing is known of what came before */
function decodeSteps(
  code: Uint8Array,
  place: CodePlace,
  targets: ReadonlySet<number> = new Set(),
): Map<number, Step> | null {
  const decoder = new Decoder(place.bits, code, DecoderOptions.None);
  const instruction = new Instruction();
  const steps = new Map<number, Step>();
  const before: Before = { ...nothing };
  try {
    decoder.ip = BigInt(place.address);
    for (let offset = 0; offset < code.length; offset += instruction.length) {
      decoder.decodeOut(instruction);
      if (instruction.mnemonic === Mnemonic.INVALID) {
        // Raises an exception; what follows is never decoded.
        steps.set(offset, { ...invalid, offset, next: code.length });
        return steps;
      }
      if (targets.has(offset)) {
        Object.assign(before, nothing);
      }
      const step = toStep(instruction, offset, place, before);
      if (!step || step.next > code.length) {
        return null;
      }
      steps.set(offset, step);
    }
    return steps;
  } finally {
    instruction.free();
    decoder.free();
  }
}

const invalid: Omit<Step, "offset" | "next"> = {
  reads: 0,
  writes: 0,
  undefined: 0,
  mayKeep: false,
  flow: "stop",
  target: 0,
  mnemonic: Mnemonic.INVALID,
};

/** What the instruction just before has established, if it is the only way to get here. */
interface Before {
  /** `mov cl, imm`: the count. */
  cl: number | null;
  /** `push imm`: what was pushed. */
  pushed: number | null;
  /** `lea reg, [rip + x]`: the register and the address. */
  codeIn: { readonly register: number; readonly address: number } | null;
}

const nothing: Before = { cl: null, pushed: null, codeIn: null };

/** Bits of RFLAGS that POPF may set in a case: the arithmetic flags, TF, DF, AC, ID, and IF and bit 1 as they are. */
const POPF_ALLOWED = ALL_FLAGS | 0x100 | 0x400 | 0x4_0000 | 0x20_0000 | 0x202;

const popFlags: readonly number[] = [Mnemonic.Popf, Mnemonic.Popfd, Mnemonic.Popfq];

function toStep(instruction: Instruction, offset: number, place: CodePlace, before: Before): Step | null {
  const { mnemonic } = instruction;
  const { cl, pushed, codeIn } = before;
  learn(instruction, before);
  const next = offset + instruction.length;
  const shift = shiftOf(instruction, cl);
  if (resultIsUndefined(mnemonic, shift)) {
    return null;
  }
  if (
    popFlags.includes(mnemonic) &&
    (pushed === null || (pushed & 0x202) !== 0x202 || (pushed & ~POPF_ALLOWED) !== 0)
  ) {
    return null;
  }
  const flow = flowOf(instruction);
  const target = targetOf(instruction, codeIn, place) - place.address;
  if (flow === null || Number.isNaN(target)) {
    return null;
  }
  const counted = countedInstructions.has(mnemonic);
  return {
    offset,
    next,
    reads: rflags(instruction.rflagsRead),
    writes: counted && shift.count === 0 ? 0 : rflags(instruction.rflagsModified),
    undefined: flagsLeftUndefined(mnemonic, shift),
    mayKeep: (counted && shift.count === null) || instruction.hasRepePrefix || instruction.hasRepnePrefix,
    flow,
    target,
    mnemonic,
  };
}

function learn(instruction: Instruction, before: Before): void {
  Object.assign(before, nothing);
  const { mnemonic } = instruction;
  if (mnemonic === Mnemonic.Mov && instruction.op0Kind === OpKind.Register && isImmediate(instruction.op1Kind)) {
    const register = instruction.op0Register;
    before.codeIn = { register, address: Number(BigInt.asUintN(32, instruction.immediate(1))) };
    if (register === Register.CL || RegisterExt.fullRegister(register) === Register.RCX) {
      before.cl = register === Register.CH ? null : Number(instruction.immediate(1) & 0xffn);
    }
  } else if (mnemonic === Mnemonic.Push && isImmediate(instruction.op0Kind)) {
    before.pushed = Number(BigInt.asIntN(32, instruction.immediate(0)));
  } else if (mnemonic === Mnemonic.Lea && instruction.isIpRelMemoryOperand) {
    before.codeIn = { register: instruction.op0Register, address: Number(instruction.ipRelMemoryAddress) };
  }
}

function isImmediate(kind: number): boolean {
  return kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64;
}

/** Count and operand size of a shift or rotate; meaningless for anything else. */
function shiftOf(instruction: Instruction, cl: number | null): ShiftCount {
  const size =
    instruction.op0Kind === OpKind.Register
      ? RegisterExt.size(instruction.op0Register)
      : MemorySizeExt.size(instruction.memorySize);
  const bits = size * 8;
  const last = instruction.opCount - 1;
  if (last < 1) {
    return { count: null, bits };
  }
  const count = isImmediate(instruction.opKind(last)) ? Number(instruction.immediate(last) & 0xffn) : cl;
  return { count: count === null ? null : count & (bits === 64 ? 63 : 31), bits };
}

function flowOf(instruction: Instruction): Step["flow"] | null {
  if (instruction.mnemonic === Mnemonic.Into) {
    // Either nothing or a trap, which reports the instruction after it.
    return "next";
  }
  switch (instruction.flowControl) {
    case FlowControl.Next:
      return "next";
    case FlowControl.UnconditionalBranch:
    case FlowControl.IndirectBranch:
      return "branch";
    case FlowControl.ConditionalBranch:
      return "conditional";
    case FlowControl.Call:
    case FlowControl.IndirectCall:
      return "call";
    case FlowControl.Return:
      return "return";
    case FlowControl.Exception:
    case FlowControl.Interrupt:
      return "stop";
    default:
      return null;
  }
}

/** Where a branch goes; 0 for what does not branch, NaN for what cannot be known. */
function targetOf(instruction: Instruction, codeIn: Before["codeIn"], { segment }: Place): number {
  if (instruction.op0Kind === OpKind.FarBranch16 || instruction.op0Kind === OpKind.FarBranch32) {
    return farTarget(instruction) - segment;
  }
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
    case FlowControl.ConditionalBranch:
    case FlowControl.Call:
      return Number(instruction.nearBranchTarget);
    case FlowControl.IndirectBranch:
    case FlowControl.IndirectCall: {
      const known = codeIn && instruction.op0Kind === OpKind.Register && instruction.op0Register === codeIn.register;
      return known ? codeIn.address : Number.NaN;
    }
    default:
      return 0;
  }
}

/** Linear address that a far branch goes to, if its selector lets it. */
function farTarget(instruction: Instruction): number {
  const offset = instruction.op0Kind === OpKind.FarBranch16 ? instruction.farBranch16 : instruction.farBranch32;
  const descriptor = descriptorOf(instruction.farBranchSelector | 3);
  return (offset + (descriptor?.base ?? 0)) % 2 ** 32;
}

const flagPairs = [
  [RflagsBits.CF, Flag.CF],
  [RflagsBits.PF, Flag.PF],
  [RflagsBits.AF, Flag.AF],
  [RflagsBits.ZF, Flag.ZF],
  [RflagsBits.SF, Flag.SF],
  [RflagsBits.OF, Flag.OF],
] as const;

/** Arithmetic flags by their bits in RFLAGS, from those of iced-x86. */
function rflags(bits: number): number {
  let flags = 0;
  for (const [theirs, ours] of flagPairs) {
    if (bits & theirs) {
      flags |= ours;
    }
  }
  return flags;
}
