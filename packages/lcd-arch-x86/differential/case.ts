import { Fx, fillFx, fillVector } from "./fx-state";
import { hasFx, type KindName, kinds } from "./kinds";
import { Layout } from "./layout";
import { Random } from "./random";
import { pointerBase, startSegments } from "./start-segments";

/** What kind of value a register begins with. */
export const RegisterClass = {
  /** Any number; half of them at an edge: 0, 1, -1, the bounds of the signed and unsigned types. */
  value: 0,
  /** An address in the window of data. */
  pointer: 1,
  /** -8 to 15: an index, a count. */
  small: 2,
  /** 0 to 80: a count for shifts, or a bit number. */
  count: 3,
} as const;

/** One test: code, and what chooses the state it begins with. */
export interface TestCase {
  readonly kind: KindName;
  readonly code: Uint8Array;
  /** Where in the code pages it begins. */
  readonly start: number;
  /** `RegisterClass` of each register, two bits each, that of rax lowest; without R8 to R15 `startSegments` has the rest. */
  readonly classes: number;
  /** Decides the values of registers, flags and window. */
  readonly seed: number;
}

/** How a case begins. */
export interface InitialState {
  readonly gpr: BigUint64Array;
  readonly rflags: number;
  /** Selectors, in the order of `SegmentRegister`. */
  readonly segments: Uint16Array;
  readonly window: Uint8Array;
  /** FXSAVE image, of kinds that have one. */
  readonly fx: Uint8Array | null;
}

/** How a case ended. */
export interface CaseResult {
  /** Exception vector, null when the code ran to its end. */
  readonly exception: number | null;
  readonly errorCode: number;
  /** Linear. */
  readonly rip: bigint;
  /** CR2; meaningful for a page fault. */
  readonly address: bigint;
  readonly gpr: BigUint64Array;
  readonly rflags: number;
  /** Selectors, in the order of `SegmentRegister`; of a case that ran to its end CS is as it began. */
  readonly segments: Uint16Array;
  /** FXSAVE image, of kinds that have one. */
  readonly fx: Uint8Array | null;
  /** The 8-byte words of the data pages that changed: number of the word, new value; ascending. */
  readonly memory: readonly (readonly [number, bigint])[];
  /** It was stopped because it did not end. Nothing else is meaningful then. */
  readonly timedOut: boolean;
}

/** Vector of #AC. */
const ALIGNMENT_CHECK = 17;

/** REX.W and IRET. */
const IRETQ = [0x48, 0xcf] as const;
const hasIretq = ({ code }: TestCase): boolean =>
  code.some((byte, at) => byte === IRETQ[0] && code[at + 1] === IRETQ[1]);

/** Whether a runner can be asked for this outcome of a case: below CPL 3 there is no #AC, and frames of IRET are others. */
export const isPossible = ({ isUser }: CaseRunner, test: TestCase, { exception }: CaseResult): boolean =>
  isUser || (exception !== ALIGNMENT_CHECK && !hasIretq(test));

/** Runs test cases: the real processor or the emulator. */
export interface CaseRunner {
  readonly name: string;
  /** Code runs at CPL 3. */
  readonly isUser: boolean;
  run(cases: readonly TestCase[]): CaseResult[];
  /** Frees what the runner holds. */
  close(): void;
}

/** Low and high halves of values where arithmetic changes its behaviour. */
const edges: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 0],
  [0xffffffff, 0xffffffff],
  [2, 0],
  [0x7f, 0],
  [0x80, 0],
  [0xff, 0],
  [0x7fff, 0],
  [0x8000, 0],
  [0xffff, 0],
  [0x7fffffff, 0],
  [0x80000000, 0],
  [0xffffffff, 0],
  [0, 1],
  [0xffffffff, 0x7fffffff],
  [0, 0x80000000],
  [0xffffff80, 0xffffffff],
  [0xffff8000, 0xffffffff],
  [0x80000000, 0xffffffff],
  [0xfffffffe, 0xffffffff],
];

function fillValue(words: Uint32Array, at: number, random: Random): void {
  const edge = random.u32();
  if (edge & 1) {
    const [low, high] = edges[(edge >>> 8) % edges.length];
    words[at] = low;
    words[at + 1] = high;
  } else {
    words[at] = random.u32();
    words[at + 1] = random.u32();
  }
}

/** How pointers of a case are made. */
interface Pointers {
  /** What is taken from their linear address. */
  readonly base: number;
  /** Bytes that half of them are aligned to. */
  readonly alignment: number;
}

function fillRegister(words: Uint32Array, at: number, kind: number, pointers: Pointers, random: Random): void {
  if (kind === RegisterClass.value) {
    fillValue(words, at, random);
    return;
  }
  const choice = random.u32();
  if (kind === RegisterClass.pointer) {
    const offset = (choice >>> 8) % Layout.windowSize;
    words[at] = Layout.windowBase - pointers.base + (choice & 1 ? offset & -pointers.alignment : offset);
    words[at + 1] = 0;
  } else if (kind === RegisterClass.small) {
    const value = (choice % 24) - 8;
    words[at] = value;
    words[at + 1] = value >> 31;
  } else {
    words[at] = choice % 81;
    words[at + 1] = 0;
  }
}

const ARITHMETIC = 0x8d5;
const DIRECTION = 0x400;

/** The state that a case begins with: a function of its kind, classes and seed alone. */
export function initialState(test: Pick<TestCase, "kind" | "classes" | "seed">): InitialState {
  const { kind, classes, seed } = test;
  const random = new Random(seed);
  const wide = kinds[kind].bits === 64;
  const gpr = new BigUint64Array(16);
  const words = new Uint32Array(gpr.buffer);
  const pointers = { base: pointerBase(test), alignment: hasFx(kind) ? 16 : 8 };
  for (let i = 0; i < (wide ? 16 : 8); i++) {
    fillRegister(words, i * 2, (classes >>> (i * 2)) & 3, pointers, random);
    if (!wide) {
      words[i * 2 + 1] = 0;
    }
  }
  const fx = hasFx(kind) ? new Uint8Array(Fx.size) : null;
  const window = new Uint8Array(Layout.windowSize);
  if (fx) {
    fillFx(fx, random);
    const view = new DataView(window.buffer);
    for (let at = 0; at < window.length; at += Fx.xmmSize) {
      fillVector(view, at, random);
    }
  } else {
    const windowWords = new Uint32Array(window.buffer);
    for (let i = 0; i < windowWords.length; i += 2) {
      fillValue(windowWords, i, random);
    }
  }
  const flags = random.u32();
  const direction = flags >>> 28 === 0 ? DIRECTION : 0;
  const rflags = (flags & ARITHMETIC) | direction | 0x202;
  return { gpr, rflags, segments: startSegments(test), window, fx };
}
