import { __gpa, __gva, __hpa, type hpa_t, PAGE_SIZE } from "../address";
import { KernelError } from "../errno";
import { Machine, type PhysicalMemory } from "../machine";
import { lcd_arch_ept_map, lcd_arch_ept_map_range } from "./ept";
import {
  type LcdArch,
  lcd_arch_create,
  lcd_arch_set_gs_base,
  lcd_arch_set_gva_root,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
} from "./lcd-arch";
import type { PageSource } from "./page-source";
import { type LcdArchSystem, lcd_arch_init } from "./system";

/** Pages of a test machine, lowest first, and a check that each is freed once. */
export class TestPages implements PageSource {
  private readonly free: number[] = [];
  private readonly taken = new Set<number>();
  private readonly memory: PhysicalMemory;
  /** Pages that may still be taken; then ENOMEM. */
  limit = Number.POSITIVE_INFINITY;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
    for (let page = memory.size / PAGE_SIZE - 1; page > 0; page--) this.free.push(page * PAGE_SIZE);
  }

  get used(): number {
    return this.taken.size;
  }

  allocPage(): hpa_t {
    const page = this.limit-- > 0 ? this.free.pop() : undefined;
    if (page === undefined) throw new KernelError("ENOMEM", "no page left");
    this.memory.fill(__hpa(page), PAGE_SIZE, 0);
    this.taken.add(page);
    return __hpa(page);
  }

  freePage(hpa: hpa_t): void {
    const page = Number(hpa);
    if (!this.taken.delete(page)) throw new Error(`page 0x${page.toString(16)} was not taken`);
    this.memory.fill(hpa, PAGE_SIZE, 0xcc);
    this.free.push(page);
  }
}

/** A machine with 1 MiB of RAM. */
export class TestMachine extends Machine {
  readonly pages = new TestPages(this.memory);

  constructor(cpus = 2) {
    super({ memory: 0x10_0000, cpus });
  }

  init(): LcdArchSystem {
    return lcd_arch_init(this, this.pages);
  }
}

/** Where a test domain has its page tables, code, data and stack; guest-virtual equals guest-physical. */
export const ROOT = 0x1000;
export const CODE = 0x1_0000;
export const DATA = 0x2_0000;
export const STACK_TOP = 0x3_1000;
/** The guest's page tables map this much; guest-physical memory is there for the pages above only. */
export const MAPPED = 0x20_0000;

const PRESENT_WRITABLE = 3n;
const LARGE_PAGE = 0x80n;

/** A domain with page tables, a page each of data and stack, and `code` to run. */
export function testDomain(machine: TestMachine, system: LcdArchSystem, code: readonly number[]): LcdArch {
  const { memory, pages } = machine;
  const lcd = lcd_arch_create(system);
  const page = (gpa: number, write = true, execute = false): hpa_t => {
    const hpa = pages.allocPage();
    lcd_arch_ept_map(lcd, __gpa(gpa), hpa, { write, execute });
    return hpa;
  };
  memory.writeU64(page(ROOT), 0x2000n | PRESENT_WRITABLE);
  memory.writeU64(page(0x2000), 0x3000n | PRESENT_WRITABLE);
  memory.writeU64(page(0x3000), LARGE_PAGE | PRESENT_WRITABLE);
  memory.write(page(CODE, false, true), Uint8Array.from(code));
  page(DATA);
  page(STACK_TOP - PAGE_SIZE);
  lcd_arch_set_gva_root(lcd, __gpa(ROOT));
  lcd_arch_set_pc(lcd, __gva(CODE));
  lcd_arch_set_sp(lcd, __gva(STACK_TOP));
  lcd_arch_set_gs_base(lcd, __gva(DATA));
  return lcd;
}

/** Maps `count` new pages. */
export function mapNewPages(machine: TestMachine, lcd: LcdArch, gpa: number, count: number): void {
  for (let i = 0; i < count; i++) {
    lcd_arch_ept_map_range(lcd, __gpa(gpa + i * PAGE_SIZE), machine.pages.allocPage(), 1);
  }
}
