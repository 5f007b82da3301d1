import { klcd_enter, klcd_exit, lcd_config, lcd_create, lcd_destroy, lcd_run, lcd_wait } from "kliblcd";
import type { HostKernel } from "lcd-domains";

/** Runs a module's init code in a domain of its own, and gives what it returned. */
export async function runInit(host: HostKernel, name: string): Promise<bigint> {
  const klcd = klcd_enter(host);
  try {
    const slot = await lcd_create(klcd, name);
    lcd_config(klcd, slot);
    lcd_run(klcd, slot);
    const result = await lcd_wait(klcd, slot);
    lcd_destroy(klcd, slot);
    if (result.kind !== "exited") throw new Error(`${name} was ended: ${result.kind}`);
    return result.value;
  } finally {
    klcd_exit(klcd);
  }
}
