import { __hpa } from "../../address";
import type { Processor } from "../../cpu/processor";
import { cpuid } from "../../cpu/system/cpuid";
import { connectErrorPins, ignoreError } from "../../cpu/x87/error-pins";
import { AcpiPm } from "../../devices/acpi-pm";
import { acpiTables, SCI_IRQ } from "../../devices/acpi-tables";
import { ApicBus } from "../../devices/apic-bus";
import { biosDataArea, extendedBiosDataArea } from "../../devices/bios-data-area";
import { type InterruptLine, joinedLine, MmioBus, PortBus } from "../../devices/bus";
import { DebugExit } from "../../devices/debug-exit";
import { type E820Range, E820Type, memoryMap } from "../../devices/e820";
import { FpuErrorLatch } from "../../devices/fpu-error";
import { FwCfg } from "../../devices/fw-cfg";
import { IO_APIC_ADDRESS, IO_APIC_LENGTH, IoApic } from "../../devices/io-apic";
import { KeyboardController } from "../../devices/keyboard-controller";
import { mpTables } from "../../devices/mp-tables";
import { PcTestdev } from "../../devices/pc-testdev";
import { PicPair } from "../../devices/pic-pair";
import { Pit8254 } from "../../devices/pit8254";
import { ResetPorts } from "../../devices/reset-ports";
import { Rtc } from "../../devices/rtc";
import { blankScreen, screenText } from "../../devices/text-screen";
import { COM1, Uart16550 } from "../../devices/uart16550";
import { VgaRegisters } from "../../devices/vga-registers";
import type { Machine } from "../machine";
import type { ReservedRange } from "../multiboot/index";
import { Core } from "./core";
import { leaveAsFirmware } from "./firmware-state";
import type { ComputerResult } from "./result";
import type { Scheduler } from "./scheduler";

/** What a board tells the computer that it is in. */
export interface BoardListener {
  /** A byte that the guest has sent through COM1. */
  onSerial(byte: number): void;
  /** The guest has ended the computer's run. */
  end(result: ComputerResult): void;
}

/** Interrupt requests of the ISA bus, and what pins of the I/O APIC those behind them have. */
const ISA_IRQS = 16;
const IO_APIC_PINS = 24;
/** The timer's interrupt request is pin 2 of the I/O APIC: pin 0 is the 8259's. */
const TIMER_PIN = 2;
const KEYBOARD_IRQ = 1;
const RTC_IRQ = 8;
const MOUSE_IRQ = 12;
const FPU_IRQ = 13;

/** Where QEMU has `-device isa-debug-exit` when nothing is said of its place: it is there, too. */
const SECOND_DEBUG_EXIT = { first: 0x501, count: 2 } as const;

/** Of a computer with several processors only the first has FERR# and IGNNE# (SDM 1, "MS-DOS Compatibility Sub-mode"). */
function connectFpuError(processor: Processor, irq: InterruptLine, ports: PortBus): void {
  const latch = new FpuErrorLatch(irq, () => ignoreError(processor.state));
  latch.connect(ports);
  processor.numericError = () => latch.error();
  connectErrorPins(processor.state);
}

/** A PC's devices, connected to a machine's processors, and the tables in low memory that tell of them. */
export class Board {
  /** The map of physical memory, as a BIOS gives it. */
  readonly memoryMap: readonly E820Range[];
  private readonly com1: Uart16550;
  private readonly vga: VgaRegisters;

  constructor(
    private readonly machine: Machine,
    scheduler: Scheduler,
    { onSerial, end }: BoardListener,
  ) {
    const { clock } = scheduler;
    const { size } = machine.memory;
    this.memoryMap = memoryMap(size);
    const [ports, memory, apics] = [new PortBus(), new MmioBus(), new ApicBus()];
    const ioApic = new IoApic(apics);
    memory.register(IO_APIC_ADDRESS, IO_APIC_LENGTH, ioApic);

    const legacy = { acknowledge: (): number => pics.acknowledge() };
    const reset = (): void => end({ kind: "reset" });
    const around = { ports, memory, apics, clock, legacy, reset };
    const cores = machine.processors.map((processor) => new Core(processor, around));
    cores.forEach((core) => scheduler.add(core));
    const pics: PicPair = new PicPair(cores[0].legacyLine);
    pics.connect(ports);

    const irq = (number: number): InterruptLine =>
      joinedLine(pics.line(number), ioApic.line(number === 0 ? TIMER_PIN : number));
    new Pit8254(clock, irq(0)).connect(ports);
    new Rtc({ clock, irq: irq(RTC_IRQ), memory: size }).connect(ports);
    connectFpuError(machine.processors[0], irq(FPU_IRQ), ports);
    new KeyboardController({ reset, keyboardIrq: irq(KEYBOARD_IRQ), mouseIrq: irq(MOUSE_IRQ) }).connect(ports);
    new ResetPorts(reset).connect(ports);
    this.vga = new VgaRegisters(clock);
    this.vga.connect(ports);
    new FwCfg({ cpus: cores.length, memory: size, e820: this.memoryMap }).connect(ports);
    new AcpiPm(clock, irq(SCI_IRQ), () => end({ kind: "power-off" })).connect(ports);
    this.com1 = new Uart16550(COM1.port, irq(COM1.irq), onSerial);
    this.com1.connect(ports);
    const exit = (code: number): void => end({ kind: "exit", code });
    new DebugExit(exit).connect(ports);
    new DebugExit(exit, SECOND_DEBUG_EXIT).connect(ports);
    const pins = Array.from({ length: IO_APIC_PINS }, (_, pin) => (pin < ISA_IRQS ? irq(pin) : ioApic.line(pin)));
    new PcTestdev(pins).connect(ports, memory);

    leaveAsFirmware(ports, cores[0].apic);

    const { eax: signature, edx: features } = cpuid(1, 0);
    const mp = mpTables({ cpus: cores.length, signature, features });
    const tables = [biosDataArea(), extendedBiosDataArea(), acpiTables(cores.length), mp, blankScreen()];
    for (const { address, bytes } of tables) machine.memory.write(__hpa(address), bytes);
  }

  /** RAM that holds what firmware leaves for the kernel. */
  get reserved(): readonly ReservedRange[] {
    const taken = this.memoryMap.filter(({ type }) => type !== E820Type.ram);
    return taken.map(({ base, length }) => ({ base, length, what: "the firmware's" }));
  }

  /** Bytes that come in through COM1. */
  receiveSerial(bytes: Uint8Array): void {
    this.com1.receive(bytes);
  }

  /** Those of them that the guest has not read. */
  get unreadSerial(): number {
    return this.com1.unread;
  }

  /** The lines of the text screen. */
  get screen(): string[] {
    return screenText((address, length) => this.machine.memory.read(__hpa(address), length), this.vga.start);
  }
}
