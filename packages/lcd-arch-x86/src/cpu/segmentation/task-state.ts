import type { Processor } from "../processor";
import { Gpr, Segment } from "../state";
import type { Descriptor } from "./descriptor";

/** Where a TSS holds what (SDM 3A, figures "32-Bit Task-State Segment (TSS)", "16-Bit TSS Format"): byte offsets. */
interface TssLayout {
  /** Bytes of each register. */
  readonly size: 2 | 4;
  /** null: there is none. */
  readonly cr3: number | null;
  readonly eip: number;
  readonly eflags: number;
  /** EAX ECX EDX EBX ESP EBP ESI EDI. */
  readonly registers: number;
  /** ES CS SS DS FS GS, as far as there are. */
  readonly segments: number;
  readonly segmentCount: 4 | 6;
  readonly ldt: number;
  /** The word with the T flag; null: there is none. */
  readonly debugTrap: number | null;
}

const tss32: TssLayout = {
  size: 4,
  cr3: 28,
  eip: 32,
  eflags: 36,
  registers: 40,
  segments: 72,
  segmentCount: 6,
  ldt: 96,
  debugTrap: 100,
};

const tss16: TssLayout = {
  size: 2,
  cr3: null,
  eip: 14,
  eflags: 16,
  registers: 18,
  segments: 34,
  segmentCount: 4,
  ldt: 42,
  debugTrap: null,
};

const layoutOf = (wide: boolean): TssLayout => (wide ? tss32 : tss16);
const REGISTERS = 8;

/** What a task resumes with. */
export interface TaskState {
  readonly cr3: number | null;
  readonly eip: number;
  readonly eflags: number;
  /** EAX to EDI. */
  readonly registers: readonly number[];
  /** ES CS SS DS FS GS. */
  readonly selectors: readonly number[];
  readonly ldt: number;
  /** T: a debug exception before its first instruction. */
  readonly debugTrap: boolean;
}

/** Reads a task's state from its TSS. @throws LinearAccessError */
export function readTaskState({ supervisor }: Processor, task: Descriptor): TaskState {
  const { base } = task;
  const layout = layoutOf(task.isWide);
  const { size } = layout;
  const register = (offset: number): number =>
    size === 4 ? supervisor.read32(base, 0, offset) : supervisor.read16(base, 0, offset);
  const selector = (offset: number): number => supervisor.read16(base, 0, offset);
  return {
    cr3: layout.cr3 === null ? null : register(layout.cr3),
    eip: register(layout.eip),
    eflags: register(layout.eflags),
    registers: Array.from({ length: REGISTERS }, (_, index) => register(layout.registers + index * size)),
    selectors: Array.from({ length: 6 }, (_, index) =>
      index < layout.segmentCount ? selector(layout.segments + index * size) : 0,
    ),
    ldt: selector(layout.ldt),
    debugTrap: layout.debugTrap !== null && (selector(layout.debugTrap) & 1) !== 0,
  };
}

/** Makes sure that `saveTaskState` will not fault. @throws LinearAccessError */
export function probeTaskState({ state, supervisor }: Processor, wide: boolean): void {
  const { eip, segments, segmentCount, size } = layoutOf(wide);
  const base = state.low("segmentBase", Segment.tr);
  supervisor.probeWrite(size, base, 0, eip);
  supervisor.probeWrite(size, base, 0, segments + (segmentCount - 1) * size);
}

/** Saves the current task's state in its TSS. @throws LinearAccessError */
export function saveTaskState({ state, supervisor }: Processor, wide: boolean, eip: number, eflags: number): void {
  const layout = layoutOf(wide);
  const { size } = layout;
  const base = state.low("segmentBase", Segment.tr);
  const save = (value: number, offset: number): void =>
    size === 4 ? supervisor.write32(value, base, 0, offset) : supervisor.write16(value, base, 0, offset);
  save(eip, layout.eip);
  save(eflags, layout.eflags);
  for (let register: number = Gpr.rax; register < REGISTERS; register++) {
    save(state.low("gpr", register), layout.registers + register * size);
  }
  for (let segment: number = Segment.es; segment < layout.segmentCount; segment++) {
    supervisor.write16(state.get32("segmentSelector", segment), base, 0, layout.segments + segment * size);
  }
}
