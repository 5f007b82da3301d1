import { __gpa, __gva, __hpa, type hpa_t } from "../src/address";
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
import { type Machine, type Processor, Segment } from "../src/machine/index";
import { VmcsField } from "../src/vmx/index";

/** How an emulated processor comes to a stop. */
export type EngineStop =
  | { readonly kind: "exception"; readonly vector: number; readonly errorCode: number; readonly address: bigint }
  /** At or behind a HLT. */
  | { readonly kind: "halted" }
  | { readonly kind: "limit" };

/** An emulated processor as test cases use it. */
export interface Engine {
  readonly name: string;
  /** Instructions retired so far. */
  readonly retired: number;
  start(rip: bigint, gpr: BigUint64Array, rflags: bigint): void;
  run(limit: number): EngineStop;
  rip(): bigint;
  rflags(): bigint;
  gpr(): BigUint64Array;
}

/** The processor itself, in VMX root operation. */
export class BareEngine implements Engine {
  readonly name = "bare";
  private readonly cpu: Processor;

  /** @param root of the page tables in RAM */
  constructor(machine: Machine, root: number, gsBase: number) {
    this.cpu = machine.processors[0];
    this.cpu.writeControlRegister(3, BigInt(root));
    this.cpu.state.set64("segmentBase", BigInt(gsBase), Segment.gs);
  }

  get retired(): number {
    return this.cpu.retired;
  }

  start(rip: bigint, gpr: BigUint64Array, rflags: bigint): void {
    this.cpu.gpr.set(gpr);
    this.cpu.rflags = rflags;
    this.cpu.rip = rip;
  }

  run(limit: number): EngineStop {
    const stop = this.cpu.run(limit);
    switch (stop.kind) {
      case "exception":
        return {
          kind: "exception",
          vector: stop.vector,
          errorCode: stop.errorCode ?? 0,
          address: this.cpu.state.get64("cr2"),
        };
      case "halted":
      case "limit":
        return { kind: stop.kind };
      default:
        throw new Error(`the processor stopped: ${stop.kind}`);
    }
  }

  rip(): bigint {
    return this.cpu.rip;
  }

  rflags(): bigint {
    return this.cpu.rflags;
  }

  gpr(): BigUint64Array {
    return this.cpu.gpr.slice();
  }
}

const PAGE = 4096;

/** A domain: VMX non-root operation behind EPT, where exceptions and HLT exit. */
export class DomainEngine implements Engine {
  readonly name = "in a domain";
  retired = 0;
  private readonly lcd: LcdArch;
  private readonly cpu: Processor;

  /**
   * @param guestSize bytes from 0 that are the domain's, guest-physical as host-physical; what the arch layer needs
   *   comes from the RAM behind them
   */
  constructor(machine: Machine, root: number, gsBase: number, guestSize: number) {
    this.cpu = machine.processors[0];
    const system = lcd_arch_init(machine, new PagesFrom(machine, guestSize));
    this.lcd = lcd_arch_create(system);
    lcd_arch_ept_map_range(this.lcd, __gpa(0n), __hpa(0n), guestSize / PAGE);
    lcd_arch_set_gva_root(this.lcd, __gpa(BigInt(root)));
    lcd_arch_set_gs_base(this.lcd, __gva(BigInt(gsBase)));
  }

  start(rip: bigint, gpr: BigUint64Array, rflags: bigint): void {
    this.lcd.regs.set(gpr);
    lcd_arch_set_pc(this.lcd, __gva(rip));
    vmwrite(this.lcd, VmcsField.guestRflags, rflags);
  }

  run(limit: number): EngineStop {
    const exit = lcd_arch_run(this.lcd, this.cpu, { budget: limit });
    this.retired += exit.instructions;
    switch (exit.kind) {
      case "exception":
        return {
          kind: "exception",
          vector: exit.vector,
          errorCode: exit.errorCode ?? 0,
          address: exit.address ?? 0n,
        };
      case "hlt":
        return { kind: "halted" };
      case "preempted":
        return { kind: "limit" };
      default:
        throw new Error(`the domain exited: ${exit.kind}`);
    }
  }

  rip(): bigint {
    return lcd_arch_pc(this.lcd);
  }

  rflags(): bigint {
    return lcd_arch_rflags(this.lcd);
  }

  gpr(): BigUint64Array {
    return this.lcd.regs.slice();
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
