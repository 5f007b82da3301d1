import { __gpa, __gva, __hpa, type hpa_t } from "../src/address";
import type { Processor } from "../src/cpu/processor";
import {
  type LcdArch,
  lcd_arch_create,
  lcd_arch_ept_map_range,
  lcd_arch_init,
  lcd_arch_pc,
  lcd_arch_rflags,
  lcd_arch_run,
  lcd_arch_set_gs_base,
  lcd_arch_set_gva_root,
  lcd_arch_set_pc,
} from "../src/lcd-arch/index";
import { vmwrite } from "../src/lcd-arch/lcd-arch";
import type { Machine } from "../src/machine/machine";
import { VmcsField } from "../src/vmx/index";
import type { InitialState } from "./case";
import type { Engine, Outcome } from "./engine";
import { Layout } from "./layout";
import { at, buildUserSpace, FREE_RAM, Ram } from "./user-space";

const PAGE = 4096;
const BREAKPOINT = 3;
const INT3 = 0xcc;
const MAX_INSTRUCTION = 15;

/** A domain: VMX non-root operation behind EPT at CPL 0, where exceptions and HLT exit. For 64-bit integer code. */
export class DomainEngine implements Engine {
  readonly name = "in a domain";
  retired = 0;
  private readonly lcd: LcdArch;
  private readonly cpu: Processor;
  private segments: Uint16Array = new Uint16Array(6);

  constructor(private readonly machine: Machine) {
    this.cpu = machine.processors[0];
    buildUserSpace(machine);
    // What is below is the domain's, guest-physical as host-physical; what the arch layer needs comes from behind.
    const system = lcd_arch_init(machine, new PagesFrom(machine, FREE_RAM));
    this.lcd = lcd_arch_create(system);
    lcd_arch_ept_map_range(this.lcd, __gpa(0n), __hpa(0n), FREE_RAM / PAGE);
    lcd_arch_set_gva_root(this.lcd, __gpa(BigInt(Ram.tables)));
    lcd_arch_set_gs_base(this.lcd, __gva(BigInt(Layout.gsBase)));
  }

  start(rip: bigint, { gpr, rflags, segments }: InitialState): void {
    this.lcd.regs.set(gpr);
    this.segments = segments;
    lcd_arch_set_pc(this.lcd, __gva(rip));
    vmwrite(this.lcd, VmcsField.guestRflags, BigInt(rflags));
  }

  run(limit: number): Outcome | null {
    const exit = lcd_arch_run(this.lcd, this.cpu, { budget: limit });
    this.retired += exit.instructions;
    switch (exit.kind) {
      case "exception":
        return this.outcome(exit.vector, exit.errorCode ?? 0, exit.address ?? 0n);
      case "hlt":
        return this.outcome(null, 0, 0n);
      case "preempted":
        return null;
      default:
        throw new Error(`the domain exited: ${exit.kind}`);
    }
  }

  private outcome(vector: number | null, errorCode: number, address: bigint): Outcome {
    return {
      vector,
      errorCode,
      address,
      rip: this.rip(vector),
      rflags: lcd_arch_rflags(this.lcd),
      gpr: this.lcd.regs.slice(),
      segments: this.segments,
      fx: null,
    };
  }

  /** INT3 exits at the instruction: behind it is where a handler would go on. */
  private rip(vector: number | null): bigint {
    const rip = lcd_arch_pc(this.lcd);
    if (vector !== BREAKPOINT) {
      return rip;
    }
    const place = Ram.code + Number(rip) - Layout.codeBase;
    return rip + BigInt(this.machine.memory.read(at(place), MAX_INSTRUCTION).indexOf(INT3) + 1);
  }
}

/** Pages of RAM from an address on, none of which is given back. */
class PagesFrom {
  constructor(
    private readonly machine: Machine,
    private next: number,
  ) {}

  allocPage(): hpa_t {
    const page = __hpa(BigInt(this.next));
    this.machine.memory.fill(page, PAGE, 0);
    this.next += PAGE;
    return page;
  }

  freePage(): void {}
}
