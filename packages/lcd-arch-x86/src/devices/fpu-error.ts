import type { InterruptLine, PortBus, PortDevice } from "./bus";

const PORT = 0xf0;

/**
 * What an AT has between its x87 and IRQ 13 (SDM 1, appendix D, figure "Recommended Circuit for MS-DOS Compatibility x87
 * FPU Exception Handling"): FERR# requests the interrupt, and a write to port F0H takes the request away and tells the
 * processor to ignore the error meanwhile, with IGNNE#.
 */
export class FpuErrorLatch implements PortDevice {
  /** @param ignore IGNNE#, which the processor looks at while it asserts FERR# */
  constructor(
    private readonly irq: InterruptLine,
    private readonly ignore: () => void,
  ) {}

  /** Takes port F0H. */
  connect(ports: PortBus): void {
    ports.register(PORT, 1, this);
  }

  /** FERR# has been asserted. */
  error(): void {
    this.irq.set(true);
  }

  readPort(): number {
    return 0xff;
  }

  writePort(): void {
    this.irq.set(false);
    this.ignore();
  }
}
