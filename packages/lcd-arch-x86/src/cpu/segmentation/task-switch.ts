import { Cr0 } from "../../mmu/control-bits";
import { ExitReason } from "../../vmx/exit-reason";
import { invalidTss } from "../exception";
import { Dr6 } from "../interrupt/debug";
import type { Processor } from "../processor";
import { Rflags, Segment } from "../state";
import { writeCr3 } from "../system/control-registers";
import { inVirtual8086 } from "../system/mode";
import { type Descriptor, RPL } from "./descriptor";
import { setNullSegment, setSegment } from "./registers";
import { readDescriptor, setBusy } from "./table";
import { loadTaskSegments } from "./task-segments";
import { probeTaskState, readTaskState, saveTaskState, type TaskState } from "./task-state";
import { isWideTss } from "./tss";

/** What switches tasks, as the exit qualification tells it (SDM 3C, "Exit Qualification for Task Switches"). */
export const TaskSwitchSource = { call: 0, iret: 1, jump: 2, gate: 3 } as const;
export type TaskSwitchSource = (typeof TaskSwitchSource)[keyof typeof TaskSwitchSource];

/** Debug registers' local enables and LE, which a task switch clears (SDM 3B, "Debug Control Register (DR7)"). */
const LOCAL_ENABLES = 0x155n;
const DR7 = 7;

/**
 * Switches to another task (SDM 3A, "Task Switching"). The descriptor has been checked; faults up to the point where the
 * old task's state is saved belong to the old task, later ones to the new.
 *
 * @param length bytes of the instruction that switches, behind which the old task goes on; 0: it goes on at RIP
 * @param flags EFLAGS as the old task's TSS gets them
 * @returns whether the processor is in the new task; false: it has left a guest, whose task switches all exit
 * @throws GuestException, LinearAccessError
 */
export function switchTask(
  p: Processor,
  task: Descriptor,
  source: TaskSwitchSource,
  length: number,
  flags: number,
): boolean {
  if (p.nonRoot) {
    const qualification = BigInt(task.selector) | (BigInt(source) << 30n);
    p.vmExit(ExitReason.taskSwitch, { qualification, instructionLength: length });
    return false;
  }
  const { state, supervisor } = p;
  // What cannot be read faults in the old task.
  readTaskState(p, task);
  const wide = isWideTss(p);
  probeTaskState(p, wide);
  const nests = source === TaskSwitchSource.call || source === TaskSwitchSource.gate;
  const link = state.get32("segmentSelector", Segment.tr);
  if (nests) {
    supervisor.write16(link, task.base);
  }
  if (source !== TaskSwitchSource.iret) {
    setBusy(p, task, true);
  }
  if (!nests) {
    releaseCurrentTask(p, link);
  }
  saveTaskState(p, wide, state.low("rip") + length, source === TaskSwitchSource.iret ? flags & ~Rflags.NT : flags);
  // What was saved may be what is read: IRET can lead from a task to itself.
  enterTask(p, task, readTaskState(p, task), nests);
  return true;
}

const BUSY = 2;

/** Saves nothing and loads everything; `nests`: the new task returns to the old one with IRET. */
function enterTask(p: Processor, task: Descriptor, next: TaskState, nests: boolean): void {
  const { state } = p;
  const { selectors } = next;
  state.set64("cr0", state.get64("cr0") | BigInt(Cr0.TS));
  state.set64("dr", state.get64("dr", DR7) & ~LOCAL_ENABLES, DR7);
  p.breakpoints.refresh(true);
  setSegment(state, Segment.tr, task.selector, task.base, task.limit, task.rights | BUSY);
  p.eflags = (next.eflags & VALID_FLAGS) | Rflags.fixed | (nests ? Rflags.NT : 0);
  const virtual8086 = inVirtual8086(p);
  state.set32("cpl", virtual8086 ? 3 : selectors[Segment.cs] & RPL);
  state.setHalves("rip", next.eip, 0);
  next.registers.forEach((value, register) => {
    state.setHalves("gpr", value, 0, register);
  });
  // Until a descriptor has been loaded, a segment register has the new selector and cannot be used.
  selectors.forEach((selector, segment) => {
    setNullSegment(state, segment, selector);
  });
  setNullSegment(state, Segment.ldtr, next.ldt);
  p.addressSpaceChanged();
  if (next.debugTrap) {
    p.pendingDebug |= Dr6.taskSwitch;
  }
  if (next.cr3 !== null && (state.low("cr0") & Cr0.PG) !== 0) {
    writeCr3(p, BigInt(next.cr3));
  }
  try {
    loadTaskSegments(p, next.ldt, selectors, virtual8086);
  } finally {
    p.addressSpaceChanged();
  }
}

/** EFLAGS bits that there are. */
const VALID_FLAGS = 0x3f7fd7;

/** JMP and IRET leave a task that is not busy any more. */
function releaseCurrentTask(p: Processor, selector: number): void {
  setBusy(p, readDescriptor(p, selector, invalidTss), false);
}
