import type { AccessSize, PortBus, PortDevice } from "./bus";

/** System control port A of a PS/2, and the reset control register of a PC's chip set, inside PCI's address register. */
const Port = { systemControl: 0x92, pciAddress: 0xcf8, reset: 0xcf9 } as const;

/** A20 is always on. */
const SystemControl = { fastReset: 0x01, a20: 0x02 } as const;

const ResetControl = { systemReset: 0x02, resetCpu: 0x04 } as const;

/** The two registers that reset a PC when a bit of theirs rises. */
export class ResetPorts implements PortDevice {
  private systemControl = 0;
  private resetControl = 0;

  /** @param reset asks the machine for a reset */
  constructor(private readonly reset: () => void) {}

  /** Takes ports 0x92, and 0xcf8 to 0xcfb: what is wider than a byte there is for PCI, which there is not. */
  connect(ports: PortBus): void {
    ports.register(Port.systemControl, 1, this);
    ports.register(Port.pciAddress, 4, this, 4);
  }

  readPort(port: number, size: AccessSize): number {
    if (port === Port.systemControl) return this.systemControl | SystemControl.a20;
    if (port === Port.reset && size === 1) return this.resetControl;
    return 0xffffffff >>> (32 - size * 8);
  }

  writePort(port: number, size: AccessSize, value: number): void {
    if (port === Port.systemControl) {
      if (value & ~this.systemControl & SystemControl.fastReset) this.reset();
      this.systemControl = value;
    } else if (port === Port.reset && size === 1) {
      if (value & ~this.resetControl & ResetControl.resetCpu) this.reset();
      this.resetControl = value & (ResetControl.systemReset | ResetControl.resetCpu);
    }
  }
}
