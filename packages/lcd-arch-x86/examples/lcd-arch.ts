import {
  __gpa,
  __gva,
  __hpa,
  Gpr,
  type LcdArchExit,
  lcd_arch_create,
  lcd_arch_destroy,
  lcd_arch_ept_map,
  lcd_arch_exit,
  lcd_arch_init,
  lcd_arch_run,
  lcd_arch_set_gva_root,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
  Machine,
} from "lcd-arch-x86";

/** Runs code in a domain until it exits. Gives why, and its rax. */
export function runIsolated(code: Uint8Array): { exit: LcdArchExit; rax: bigint } {
  const machine = new Machine({ memory: 1024 * 1024 });
  const { memory } = machine;
  const [processor] = machine.processors;

  // Free pages of the host, from 64 KiB on.
  const free = Array.from({ length: 64 }, (_, page) => __hpa(0x10000 + page * 4096));
  const allocPage = () => {
    const page = free.pop();
    if (page === undefined) throw new Error("no page left");
    memory.fill(page, 4096, 0);
    return page;
  };
  const system = lcd_arch_init(machine, { allocPage, freePage: (page) => free.push(page) });

  const lcd = lcd_arch_create(system);

  // Four pages of guest-physical memory: two for page tables that map the first GiB to itself, code, stack.
  const [top, next, text, stack] = [0x1000, 0x2000, 0x3000, 0x4000].map((gpa) => {
    const page = allocPage();
    lcd_arch_ept_map(lcd, __gpa(gpa), page);
    return page;
  });
  memory.writeU64(top, 0x2003n);
  memory.writeU64(next, 0x83n);
  memory.write(text, code);

  lcd_arch_set_pc(lcd, __gva(0x3000));
  lcd_arch_set_sp(lcd, __gva(0x5000));
  lcd_arch_set_gva_root(lcd, __gpa(0x1000));

  const exit = lcd_arch_run(lcd, processor, { budget: 1_000_000 });
  const rax = lcd.regs[Gpr.rax];

  lcd_arch_destroy(lcd);
  for (const page of [top, next, text, stack]) free.push(page);
  lcd_arch_exit(system);
  return { exit, rax };
}
