import { __gpa, KernelError } from "lcd-arch-x86";
import { __cptr } from "../capability/cptr";
import { SyscallCost } from "./cost";
import type { SyscallHandler } from "./dispatch";

/**
 * PAGES_ALLOC(slot, order): puts a capability to 2^order zeroed pages in a row into a free slot.
 * EINVAL: no such slot or order; EEXIST: the slot is taken; ENOMEM
 */
export const pagesAlloc: SyscallHandler = (thread, [slot, order]) => {
  const { lcd } = thread;
  const cptr = __cptr(slot);
  if (!lcd.cspace.isFree(cptr))
    throw new KernelError("EEXIST", `slot 0x${slot.toString(16)} holds a capability already`);
  const capability = lcd.allocatePages(Number(order));
  thread.charge(SyscallCost.page << capability.object.order);
  lcd.cspace.insert(cptr, capability);
  return 0;
};

/**
 * MMAP(slot, gpa): maps the pages of a slot in guest-physical space.
 * ENOENT: the slot is empty; EINVAL: no place for them; EEXIST: something is mapped there; EBUSY: they are mapped
 */
export const mmap: SyscallHandler = (thread, [slot, at]) => {
  const { lcd } = thread;
  const { object, rights } = lcd.cspace.lookup(__cptr(slot));
  if (object.mapped !== null)
    throw new KernelError("EBUSY", `the pages are mapped already, at 0x${object.mapped.toString(16)}`);
  const gpa = __gpa(at);
  thread.charge(SyscallCost.page << object.order);
  lcd.space.mapRange(gpa, object.hpa, 1 << object.order, rights);
  object.mapped = gpa;
  return 0;
};

/** MUNMAP(slot): takes the pages of a slot out of guest-physical space. ENOENT: the slot is empty; EINVAL: not mapped */
export const munmap: SyscallHandler = (thread, [slot]) => {
  const { lcd } = thread;
  const { object } = lcd.cspace.lookup(__cptr(slot));
  if (object.mapped === null) throw new KernelError("EINVAL", "the pages are not mapped");
  thread.charge(SyscallCost.page << object.order);
  lcd.space.unmapRange(object.mapped, 1 << object.order);
  object.mapped = null;
  return 0;
};
