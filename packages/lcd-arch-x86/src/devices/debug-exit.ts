import type { AccessSize, PortBus, PortDevice } from "./bus";

/** What is written asks the machine to stop, with an exit code that is never 0: like QEMU's `isa-debug-exit`. */
export class DebugExit implements PortDevice {
  private readonly first: number;
  private readonly count: number;

  /**
   * @param exit called with the value written * 2 + 1
   * @param place the first port and how many there are. Most programs expect 0xf4 with 4
   */
  constructor(
    private readonly exit: (code: number) => void,
    place: { first: number; count: number } = { first: 0xf4, count: 4 },
  ) {
    this.first = place.first;
    this.count = place.count;
  }

  /** Takes its ports. */
  connect(ports: PortBus): void {
    ports.register(this.first, this.count, this, 4);
  }

  readPort(): number {
    return 0;
  }

  writePort(_port: number, _size: AccessSize, value: number): void {
    this.exit(((value << 1) | 1) >>> 0);
  }
}
