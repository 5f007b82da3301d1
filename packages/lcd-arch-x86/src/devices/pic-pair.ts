import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";
import { Pic8259 } from "./pic8259";

/** Ports of a PC's two interrupt controllers, and of their edge/level control registers. */
const Port = { master: 0x20, slave: 0xa0, elcr: 0x4d0 } as const;

/** Inputs that can be level-triggered: not the timer, the keyboard and the cascade; not the clock and the FPU. */
const LEVEL_CAPABLE = [0xf8, 0xde] as const;

/** The input of the master that the slave is connected to. */
const CASCADE = 2;

/** The two 8259A of a PC: interrupt requests 0 to 7 at the master, 8 to 15 at the slave. */
export class PicPair implements PortDevice {
  private readonly chips: readonly [master: Pic8259, slave: Pic8259];

  /** @param intr INTR of the processor; in a PC with APICs: LINT0 of the local APICs */
  constructor(intr: InterruptLine) {
    const master = new Pic8259(intr);
    this.chips = [master, new Pic8259({ set: (level) => master.setInput(CASCADE, level) })];
  }

  /** Takes its ports: 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1. */
  connect(ports: PortBus): void {
    for (const first of Object.values(Port)) ports.register(first, 2, this);
  }

  /** The wire to an interrupt request, 0 to 15. What a device calls 2 arrives as 9, as it does since the AT. */
  line(irq: number): InterruptLine {
    const number = irq === CASCADE ? 9 : irq;
    return { set: (level) => this.chips[number >> 3].setInput(number & 7, level) };
  }

  /** The processor acknowledges an interrupt. @returns its vector; that of IRQ 7 when the request is gone */
  acknowledge(): number {
    const [master, slave] = this.chips;
    const input = master.acknowledge();
    return input === CASCADE ? slave.vector(slave.acknowledge()) : master.vector(input);
  }

  readPort(port: number, _size: AccessSize): number {
    const odd = port & 1;
    if ((port & ~1) === Port.elcr) return this.chips[odd].getLevelTriggered();
    const chip = this.chips[port >= Port.slave ? 1 : 0];
    return odd ? chip.readOdd() : chip.readEven();
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    const odd = port & 1;
    if ((port & ~1) === Port.elcr) {
      this.chips[odd].setLevelTriggered(value & LEVEL_CAPABLE[odd]);
      return;
    }
    const chip = this.chips[port >= Port.slave ? 1 : 0];
    if (odd) chip.writeOdd(value);
    else chip.writeEven(value);
  }
}
