import type { InterruptLine } from "./bus";

/** Bits of the initialization command words (8259A, "Initialization Command Words"). */
const Icw1 = { icw4Needed: 1 << 0, single: 1 << 1, icw1: 1 << 4 } as const;
const Icw2 = { vectorBase: 0xf8 } as const;
const Icw4 = { autoEoi: 1 << 1, specialFullyNested: 1 << 4 } as const;

/** Bits of the operation command words (8259A, "Operation Command Words"). */
const Ocw2 = { level: 7, eoi: 1 << 5, specific: 1 << 6, rotate: 1 << 7 } as const;
const Ocw3 = {
  readIsr: 1 << 0,
  read: 1 << 1,
  poll: 1 << 2,
  ocw3: 1 << 3,
  specialMask: 1 << 5,
  enable: 1 << 6,
} as const;

/** What a write to the odd port is taken for: ICW2 to ICW4 follow ICW1, later it is OCW1. */
type OddPort = "icw2" | "icw3" | "icw4" | "ocw1";

/** Where a PC's first controller has its second. */
const CASCADE = 2;

/** Bit 7 of a poll byte: there was a request. */
const POLLED = 0x80;

/** One interrupt controller 8259A, in a PC: for an 8086, edge or level per input as ELCR says, not as ICW1. */
export class Pic8259 {
  /** Levels of the inputs. */
  private inputs = 0;
  /** Inputs that have risen since they were acknowledged. */
  private edges = 0;
  private levelTriggered = 0;
  private inService = 0;
  private mask = 0xff;
  private oddPort: OddPort = "ocw1";
  private icw1 = 0;
  private vectorBase = 0;
  private icw4 = 0;
  private rotateInAutoEoi = false;
  private specialMask = false;
  private readsInService = false;
  private polled = false;
  /** The input of lowest priority. */
  private lowest = 7;

  /** @param output INT: to the processor, or to the other controller */
  constructor(private readonly output: InterruptLine) {}

  /** @param input 0 to 7 */
  setInput(input: number, level: boolean): void {
    const bit = 1 << input;
    if (level) {
      this.edges |= bit & ~this.inputs;
      this.inputs |= bit;
    } else {
      this.inputs &= ~bit;
      // Whoever withdraws a request before it is acknowledged gets the default IR7.
      this.edges &= ~bit;
    }
    this.update();
  }

  /** ELCR: a bit set for each level-triggered input. */
  getLevelTriggered(): number {
    return this.levelTriggered;
  }

  setLevelTriggered(inputs: number): void {
    this.levelTriggered = inputs;
    this.update();
  }

  /** The vector of an input. -1, a request that is gone, has that of input 7. */
  vector(input: number): number {
    return this.vectorBase | (input & 7);
  }

  /**
   * An INTA sequence. It ends the output's level: a request that is still there makes a new edge.
   *
   * @returns the input that is served now, or -1 when the request is gone: then nothing is in service
   */
  acknowledge(): number {
    const input = this.request();
    if (input < 0) return -1;
    this.edges &= ~(1 << input);
    if (this.icw4 & Icw4.autoEoi) {
      if (this.rotateInAutoEoi) this.lowest = input;
    } else {
      this.inService |= 1 << input;
    }
    this.output.set(false);
    this.update();
    return input;
  }

  /** Reads the even port: IRR or ISR. After a poll command, either port has the poll byte. */
  readEven(): number {
    return this.poll() ?? (this.readsInService ? this.inService : this.requests());
  }

  /** Reads the odd port: IMR. */
  readOdd(): number {
    return this.poll() ?? this.mask;
  }

  /** Writes the even port: ICW1, OCW2 or OCW3. */
  writeEven(value: number): void {
    if (value & Icw1.icw1) this.initialize(value);
    else if (value & Ocw3.ocw3) this.operate(value);
    else this.endOfInterrupt(value);
    this.update();
  }

  /** Writes the odd port: OCW1, or what comes after ICW1. */
  writeOdd(value: number): void {
    switch (this.oddPort) {
      case "icw2":
        this.vectorBase = value & Icw2.vectorBase;
        this.oddPort = this.icw1 & Icw1.single ? this.afterIcw3() : "icw3";
        break;
      case "icw3":
        this.oddPort = this.afterIcw3();
        break;
      case "icw4":
        this.icw4 = value;
        this.oddPort = "ocw1";
        break;
      case "ocw1":
        this.mask = value;
    }
    this.update();
  }

  private afterIcw3(): OddPort {
    return this.icw1 & Icw1.icw4Needed ? "icw4" : "ocw1";
  }

  private initialize(icw1: number): void {
    this.icw1 = icw1;
    this.icw4 = 0;
    this.oddPort = "icw2";
    this.edges = 0;
    this.inService = 0;
    this.mask = 0;
    this.lowest = 7;
    this.rotateInAutoEoi = false;
    this.specialMask = false;
    this.readsInService = false;
    this.polled = false;
  }

  /** OCW3. */
  private operate(value: number): void {
    if (value & Ocw3.enable) this.specialMask = (value & Ocw3.specialMask) !== 0;
    if (value & Ocw3.read) this.readsInService = (value & Ocw3.readIsr) !== 0;
    this.polled = (value & Ocw3.poll) !== 0;
  }

  /** OCW2: ends interrupts, and moves priorities. */
  private endOfInterrupt(value: number): void {
    const rotate = (value & Ocw2.rotate) !== 0;
    const specific = (value & Ocw2.specific) !== 0;
    if (value & Ocw2.eoi) {
      const input = specific ? value & Ocw2.level : this.first(this.blocking());
      if (input < 0) return;
      this.inService &= ~(1 << input);
      if (rotate) this.lowest = input;
    } else if (!specific) {
      this.rotateInAutoEoi = rotate;
    } else if (rotate) {
      this.lowest = value & Ocw2.level;
    }
  }

  /** After a poll command, a read is an acknowledge. */
  private poll(): number | undefined {
    if (!this.polled) return undefined;
    this.polled = false;
    const input = this.acknowledge();
    return input < 0 ? 0 : POLLED | input;
  }

  private requests(): number {
    return this.inputs & (this.edges | this.levelTriggered);
  }

  /** What is in service, as far as the special mask mode lets it count. */
  private blocking(): number {
    return this.specialMask ? this.inService & ~this.mask : this.inService;
  }

  /** The request to be served, or -1: it must be of a higher priority than all that are in service. */
  private request(): number {
    if (this.oddPort !== "ocw1") return -1;
    const input = this.first(this.requests() & ~this.mask);
    const nested = this.icw4 & Icw4.specialFullyNested ? 1 << CASCADE : 0;
    const serving = this.first(this.blocking() & ~nested);
    if (input < 0 || serving < 0) return input;
    return this.order(input) < this.order(serving) ? input : -1;
  }

  /** 0 for the input of highest priority, 7 for that of lowest. */
  private order(input: number): number {
    return (input - this.lowest - 1) & 7;
  }

  /** The input of highest priority among those whose bits are set, or -1. */
  private first(bits: number): number {
    for (let order = 0; order < 8; order++) {
      const input = (this.lowest + 1 + order) & 7;
      if (bits & (1 << input)) return input;
    }
    return -1;
  }

  private update(): void {
    this.output.set(this.request() >= 0);
  }
}
