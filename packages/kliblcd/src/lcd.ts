import * as microkernel from "lcd-domains";
import {
  type cptr_t,
  type LcdConfig,
  type LcdOptions,
  type LcdStatus,
  lcd_thread_wait,
  type ThreadResult,
} from "lcd-domains";
import type { Klcd } from "./klcd";

/** What may be said about a domain when it is made. */
export type CreateOptions = LcdOptions;

/**
 * Makes a domain from a module. It is an embryo: configure it, run it.
 *
 * @param name `foo`, or `foo.ko`
 * @returns the slot that holds the capability to it
 * @throws KernelError ENOENT, ENOEXEC ... when the module cannot be loaded; ENOMEM. Then nothing is left behind.
 * @see seed 004, LCD STATUS
 */
export async function lcd_create(klcd: Klcd, name: string, options: CreateOptions = {}): Promise<cptr_t> {
  const lcd = await microkernel.lcd_create(klcd.host, name, options);
  try {
    const slot = klcd.cspace.freeSlot();
    klcd.cspace.insert(slot, { object: { type: "lcd", lcd } });
    return slot;
  } catch (error) {
    microkernel.lcd_destroy(lcd);
    throw error;
  }
}

/** Says where the domain starts. @throws KernelError EINVAL unless it is an embryo; ENOENT @see seed 004, LCD STATUS */
export function lcd_config(klcd: Klcd, slot: cptr_t, config: LcdConfig = {}): void {
  microkernel.lcd_config(find(klcd, slot), config);
}

/** Lets the domain run. @throws KernelError EINVAL unless configured or suspended; ENOENT @see seed 004, LCD STATUS */
export function lcd_run(klcd: Klcd, slot: cptr_t): void {
  microkernel.lcd_run(find(klcd, slot));
}

/** Stops the domain until `lcd_run`. @throws KernelError EINVAL unless it runs; ENOENT @see seed 004, LCD STATUS */
export function lcd_suspend(klcd: Klcd, slot: cptr_t): void {
  microkernel.lcd_suspend(find(klcd, slot));
}

/**
 * Tears the domain down and takes everything back. The capability stays, to a domain that is dead, until
 * `lcd_cap_delete` or `klcd_exit`.
 *
 * @throws KernelError EINVAL when it is dead; ENOENT
 * @see seed 004, LCD STATUS
 */
export function lcd_destroy(klcd: Klcd, slot: cptr_t): void {
  microkernel.lcd_destroy(find(klcd, slot));
}

/**
 * Empties a slot. It was the only capability to its domain, so the domain is destroyed when it is not dead yet.
 *
 * @throws KernelError ENOENT
 */
export function lcd_cap_delete(klcd: Klcd, slot: cptr_t): void {
  const { lcd } = klcd.cspace.remove(slot).object;
  if (lcd.status !== "dead") microkernel.lcd_destroy(lcd);
}

/** Waits until the domain's init thread has ended, and gives how. @throws KernelError ENOENT */
export function lcd_wait(klcd: Klcd, slot: cptr_t): Promise<ThreadResult> {
  return lcd_thread_wait(find(klcd, slot).init_thread);
}

/** Where the domain is in its life. @throws KernelError ENOENT */
export function lcd_status(klcd: Klcd, slot: cptr_t): LcdStatus {
  return find(klcd, slot).status;
}

function find(klcd: Klcd, slot: cptr_t): microkernel.Lcd {
  return klcd.cspace.lookup(slot).object.lcd;
}
