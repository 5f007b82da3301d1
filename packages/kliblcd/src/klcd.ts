import { Cspace, type HostKernel, type Kthread, type LcdCapability, lcd_destroy } from "lcd-domains";

/** A kthread in lcd mode: it has a cspace, but no hardware VM; it runs unisolated. Made by {@link klcd_enter}. */
export interface Klcd {
  readonly host: HostKernel;
  readonly kthread: Kthread;
  readonly cspace: Cspace<LcdCapability>;
}

/**
 * Enters lcd mode: from here on the code may use the functions of kliblcd, which take the result in place of C's
 * `current`. Leave with {@link klcd_exit}.
 *
 * @param name of the kthread that the code stands for
 * @see seed 004, OVERVIEW
 */
export function klcd_enter(host: HostKernel, name = "klcd"): Klcd {
  return { host, kthread: host.kthreads.begin(name), cspace: new Cspace<LcdCapability>() };
}

/** Leaves lcd mode. The cspace goes, and every domain that only it named is destroyed. @see seed 004, OVERVIEW */
export function klcd_exit(klcd: Klcd): void {
  for (const { object } of klcd.cspace.removeAll()) if (object.lcd.status !== "dead") lcd_destroy(object.lcd);
  klcd.host.kthreads.end(klcd.kthread);
}
