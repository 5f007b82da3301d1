import { ApicBus } from "./apic-bus";
import { IoApic } from "./io-apic";
import { LocalApic } from "./local-apic";
import { ApicRegister } from "./local-apic-registers";
import { TestClock } from "./test-clock";
import { XapicPage } from "./xapic-page";

/** A local APIC whose processor notes what it is told. */
export class TestApic {
  readonly apic: LocalApic;
  readonly page: XapicPage;
  /** NMI, INIT and start-up, in their order. */
  readonly signals: string[] = [];
  interrupts = 0;
  tscAdjust = 0n;

  constructor(id: number, bus: ApicBus, clock: TestClock) {
    const signal = (name: string): void => {
      this.signals.push(name);
    };
    this.apic = new LocalApic({
      id,
      bsp: id === 0,
      bus,
      clock,
      tsc: () => BigInt(clock.now()) + this.tscAdjust,
      processor: {
        interrupt: () => this.interrupts++,
        nmi: () => signal("nmi"),
        init: () => signal("init"),
        startup: (vector) => signal(`startup ${vector}`),
      },
    });
    this.page = new XapicPage(this.apic);
  }

  read(register: number): number {
    return this.page.readMemory(register << 4, 4);
  }

  write(register: number, value: number): void {
    this.page.writeMemory(register << 4, 4, value >>> 0);
  }

  /** As software does first: the spurious vector 0xff, and the APIC on. */
  enable(): this {
    this.write(ApicRegister.spuriousVector, 0x1ff);
    return this;
  }

  /** Sends what the ICR is written with. */
  command(low: number, destination = 0): void {
    this.write(ApicRegister.commandHigh, destination << 24);
    this.write(ApicRegister.commandLow, low);
  }

  /** Vectors requested, the highest first; takes and ends all of them. */
  drain(): number[] {
    const vectors: number[] = [];
    while (this.apic.pendingVector() >= 0) {
      vectors.push(this.apic.acknowledge());
      this.write(ApicRegister.endOfInterrupt, 0);
    }
    return vectors;
  }
}

/** Local APICs of IDs 0 to `count` - 1, enabled by software, and an I/O APIC. */
export class TestApics {
  readonly clock = new TestClock();
  readonly bus = new ApicBus();
  readonly ioApic = new IoApic(this.bus);
  readonly apics: TestApic[];

  constructor(count: number) {
    this.apics = Array.from({ length: count }, (_, id) => new TestApic(id, this.bus, this.clock).enable());
  }

  /** Writes a register behind the I/O APIC's window. */
  writeIo(register: number, value: number): void {
    this.ioApic.writeMemory(0x00, 4, register);
    this.ioApic.writeMemory(0x10, 4, value >>> 0);
  }

  readIo(register: number): number {
    this.ioApic.writeMemory(0x00, 4, register);
    return this.ioApic.readMemory(0x10, 4);
  }

  /** Writes both halves of a redirection entry. */
  redirect(pin: number, low: number, destination = 0): void {
    this.writeIo(0x10 + pin * 2 + 1, destination << 24);
    this.writeIo(0x10 + pin * 2, low);
  }
}
