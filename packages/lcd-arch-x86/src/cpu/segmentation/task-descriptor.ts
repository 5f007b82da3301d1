import { generalProtection, invalidTss, notPresent } from "../exception";
import type { Processor } from "../processor";
import { type Descriptor, SystemType, selectorError, TABLE_INDICATOR } from "./descriptor";
import { readDescriptor, type SelectorFault } from "./table";

const availableTasks: ReadonlySet<number> = new Set([SystemType.tss16, SystemType.tss]);
const busyTasks: ReadonlySet<number> = new Set([SystemType.busyTss16, SystemType.busyTss]);

/** Limits of the smallest 16-bit and 32-bit TSS (SDM 3A, "Task-State Segment", "16-Bit Task-State Segment"). */
const SMALLEST_TSS16 = 0x2b;
const SMALLEST_TSS = 0x67;

/** The descriptor of a task that JMP, CALL or an event switches to. @throws GuestException, LinearAccessError */
export const readTask = (p: Processor, selector: number): Descriptor =>
  checkTask(p, selector, availableTasks, generalProtection);

/** The descriptor of the task that IRET returns to. @throws GuestException, LinearAccessError */
export const readPreviousTask = (p: Processor, selector: number): Descriptor =>
  checkTask(p, selector, busyTasks, invalidTss);

function checkTask(p: Processor, selector: number, types: ReadonlySet<number>, fault: SelectorFault): Descriptor {
  const error = selectorError(selector);
  if ((selector & TABLE_INDICATOR) !== 0) {
    throw fault(error);
  }
  const task = readDescriptor(p, selector, fault);
  if (!task.isSystem || !types.has(task.type)) {
    throw fault(error);
  }
  if (!task.isPresent) {
    throw notPresent(error);
  }
  if (task.limit < (task.isWide ? SMALLEST_TSS : SMALLEST_TSS16)) {
    throw invalidTss(error);
  }
  return task;
}
