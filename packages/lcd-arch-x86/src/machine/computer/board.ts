import { ApicBus } from "../../devices/apic-bus";
import { type InterruptLine, joinedLine, MmioBus, PortBus } from "../../devices/bus";
import { DebugExit } from "../../devices/debug-exit";
import { IO_APIC_ADDRESS, IO_APIC_LENGTH, IoApic } from "../../devices/io-apic";
import { ApicRegister } from "../../devices/local-apic-registers";
import { PcTestdev } from "../../devices/pc-testdev";
import { PicPair } from "../../devices/pic-pair";
import { Pit8254 } from "../../devices/pit8254";
import { COM1, Uart16550 } from "../../devices/uart16550";
import type { Machine } from "../machine";
import type { MemoryMapEntry, ReservedRange } from "../multiboot/index";
import { Core } from "./core";
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

/**
 * How firmware leaves the local APIC of the bootstrap processor: on, LINT0 for the 8259, LINT1 for NMI (MultiProcessor
 * Specification 1.4, 3.6.2.2, "Virtual Wire Mode").
 */
const virtualWire = [
  [ApicRegister.spuriousVector, 0x1ff],
  [ApicRegister.lvtLint0, 0x700],
  [ApicRegister.lvtLint1, 0x400],
] as const;

/** A PC's devices, connected to a machine's processors. */
export class Board {
  private readonly com1: Uart16550;

  constructor(
    private readonly machine: Machine,
    scheduler: Scheduler,
    { onSerial, end }: BoardListener,
  ) {
    const { clock } = scheduler;
    const [ports, memory, apics] = [new PortBus(), new MmioBus(), new ApicBus()];
    const ioApic = new IoApic(apics);
    memory.register(IO_APIC_ADDRESS, IO_APIC_LENGTH, ioApic);

    const legacy = { acknowledge: (): number => pics.acknowledge() };
    const around = { ports, memory, apics, clock, legacy, reset: () => end({ kind: "reset" }) };
    const cores = machine.processors.map((processor) => new Core(processor, around));
    cores.forEach((core) => scheduler.add(core));
    const pics: PicPair = new PicPair(cores[0].legacyLine);
    pics.connect(ports);
    for (const [register, value] of virtualWire) cores[0].apic.writeRegister(register, value);

    const irq = (number: number): InterruptLine =>
      joinedLine(pics.line(number), ioApic.line(number === 0 ? TIMER_PIN : number));
    new Pit8254(clock, irq(0)).connect(ports);
    this.com1 = new Uart16550(COM1.port, irq(COM1.irq), onSerial);
    this.com1.connect(ports);
    new DebugExit((code) => end({ kind: "exit", code })).connect(ports);
    const pins = Array.from({ length: IO_APIC_PINS }, (_, pin) => (pin < ISA_IRQS ? irq(pin) : ioApic.line(pin)));
    new PcTestdev(pins).connect(ports, memory);
  }

  /** The map of physical memory, as a BIOS gives it. */
  get memoryMap(): readonly MemoryMapEntry[] {
    return [
      { base: 0, length: 0x9fc00, type: 1 },
      { base: 0x100000, length: this.machine.memory.size - 0x100000, type: 1 },
    ];
  }

  /** RAM that holds what firmware leaves for the kernel. */
  get reserved(): readonly ReservedRange[] {
    return [{ base: 0x9fc00, length: 0x100000 - 0x9fc00, what: "the BIOS's" }];
  }

  /** Bytes that come in through COM1. */
  receiveSerial(bytes: Uint8Array): void {
    this.com1.receive(bytes);
  }
}
