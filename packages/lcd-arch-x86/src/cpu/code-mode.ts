import { Cr0, Cr4, Efer } from "../mmu/control-bits";
import { Rights } from "../vmx/segments";
import { type CpuState, Rflags, Segment } from "./state";
import { StateWord } from "./state-word";

/**
 * What code means besides its bytes, as one number: default sizes, how segments are to be looked at, and which units
 * may be used. A translation is valid for one mode only.
 */
export const CodeMode = {
  /** Log2 of the default code size in bytes: 1, 2 or 3. */
  codeSize: 3,
  /** Log2 of the stack pointer's size in bytes, times 4. */
  stackSize: 3 << 2,
  /** ES, CS, SS and DS begin at 0, reach to 4 GiB and allow what their use needs; always so in 64-bit mode. */
  flat: 1 << 4,
  /** CR0.EM, CR0.MP and CR0.TS. */
  emulate: 1 << 5,
  monitor: 1 << 6,
  taskSwitched: 1 << 7,
  /** CR4.OSFXSR. */
  sse: 1 << 8,
  /** CR0.AM and EFLAGS.AC at CPL 3. */
  alignment: 1 << 9,
  /** CR4.LA57: linear addresses of 57 bits. */
  linear57: 1 << 10,
  /** CR0.PE without EFLAGS.VM: there are VEX prefixes. */
  protected: 1 << 11,
} as const;

/** Bytes of the default code size: 2, 4 or 8. */
export const codeBytes = (mode: number): 2 | 4 | 8 => (1 << (mode & CodeMode.codeSize)) as 2 | 4 | 8;
/** Bytes of the stack pointer that pushes and pops use. */
export const stackBytes = (mode: number): 2 | 4 | 8 => (1 << ((mode & CodeMode.stackSize) >> 2)) as 2 | 4 | 8;

/** 64-bit code with everything allowed: what describes code that no processor runs. */
export const MODE_64 = 3 | (3 << 2) | CodeMode.flat | CodeMode.sse | CodeMode.protected;

const FLAT_LIMIT = 0xffffffff;
const TYPE_CODE = 8;
/** Expand-down for data, conforming for code. */
const TYPE_DOWN = 4;
/** Writable for data, readable for code. */
const TYPE_WRITABLE = 2;

const dataSegments = [Segment.es, Segment.ss, Segment.ds] as const;

/**
 * Computes what follows from segment registers and control registers: the mode, CS as fetches use it, and for each
 * segment which offsets reads and writes may have (SDM 3A, "Limit Checking", "Type Checking").
 */
export function deriveCodeState(state: CpuState): void {
  const cs = state.u32[StateWord.segmentRights + Segment.cs];
  const cr0 = state.u32[StateWord.cr0];
  const long = (state.u32[StateWord.efer] & Efer.LMA) !== 0 && (cs & Rights.long) !== 0;
  let mode = unitsOf(state, cr0);
  if (long) {
    mode |= 3 | (3 << 2) | CodeMode.flat | CodeMode.protected;
    setOffset(state, StateWord.codeBase, 0);
    state.u32[StateWord.codeLimit] = FLAT_LIMIT;
  } else {
    const stack = state.u32[StateWord.segmentRights + Segment.ss];
    mode |= (cs & Rights.big) !== 0 ? 2 : 1;
    mode |= ((stack & Rights.big) !== 0 ? 2 : 1) << 2;
    const checked = (cr0 & Cr0.PE) !== 0 && (state.u32[StateWord.systemFlags] & Rflags.VM) === 0;
    mode |= checked ? CodeMode.protected : 0;
    mode |= deriveRanges(state, checked) ? CodeMode.flat : 0;
    setOffset(state, StateWord.codeBase, state.u32[StateWord.segmentBase + 2 * Segment.cs]);
    state.u32[StateWord.codeLimit] = state.u32[StateWord.segmentLimit + Segment.cs];
  }
  state.u32[StateWord.codeMode] = mode;
}

function unitsOf(state: CpuState, cr0: number): number {
  const aligned =
    (cr0 & Cr0.AM) !== 0 && (state.u32[StateWord.systemFlags] & Rflags.AC) !== 0 && state.u32[StateWord.cpl] === 3;
  return (
    ((cr0 & Cr0.EM) !== 0 ? CodeMode.emulate : 0) |
    ((cr0 & Cr0.MP) !== 0 ? CodeMode.monitor : 0) |
    ((cr0 & Cr0.TS) !== 0 ? CodeMode.taskSwitched : 0) |
    ((state.u32[StateWord.cr4] & Cr4.OSFXSR) !== 0 ? CodeMode.sse : 0) |
    ((state.u32[StateWord.cr4] & Cr4.LA57) !== 0 ? CodeMode.linear57 : 0) |
    (aligned ? CodeMode.alignment : 0)
  );
}

/** Writes a 64-bit field that holds 0 to 2^32. */
function setOffset({ u32 }: CpuState, word: number, value: number): void {
  u32[word] = value;
  u32[word + 1] = value > FLAT_LIMIT ? 1 : 0;
}

/**
 * Sets the ranges of all six segments.
 *
 * @param checked segments have types: protected mode
 * @returns whether ES, CS, SS and DS are flat
 */
function deriveRanges(state: CpuState, checked: boolean): boolean {
  let flat = checked;
  for (let segment = 0; segment < 6; segment++) {
    const rights = state.u32[StateWord.segmentRights + segment];
    const limit = state.u32[StateWord.segmentLimit + segment];
    const code = (rights & TYPE_CODE) !== 0;
    const usable = (rights & Rights.unusable) === 0;
    const readable = usable && (!checked || !code || (rights & TYPE_WRITABLE) !== 0);
    const writable = usable && (!checked || (!code && (rights & TYPE_WRITABLE) !== 0));
    const down = checked && !code && (rights & TYPE_DOWN) !== 0;
    const first = down ? limit + 1 : 0;
    const end = down ? ((rights & Rights.big) !== 0 ? FLAT_LIMIT : 0xffff) + 1 : limit + 1;
    setOffset(state, StateWord.segmentFirst + 2 * segment, first);
    setOffset(state, StateWord.segmentReadEnd + 2 * segment, readable ? end : 0);
    setOffset(state, StateWord.segmentWriteEnd + 2 * segment, writable ? end : 0);
    if (first !== 0 || limit !== FLAT_LIMIT || !readable || state.u32[StateWord.segmentBase + 2 * segment] !== 0) {
      flat &&= segment === Segment.fs || segment === Segment.gs;
    }
  }
  return (
    flat &&
    dataSegments.every(
      (segment) =>
        state.u32[StateWord.segmentWriteEnd + 2 * segment] !== 0 ||
        state.u32[StateWord.segmentWriteEnd + 2 * segment + 1] !== 0,
    )
  );
}
