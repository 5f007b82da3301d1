import type { AccessSize, InterruptLine, MmioBus, MmioDevice, PortBus, PortDevice } from "./bus";

/** Where the parts of QEMU's `pc-testdev` are. The page that is flushed, and what is asked of it, mean nothing here. */
const Port = { echo: 0xe0, flush: 0xe4, echoBytes: 0xe8, lines: 0x2000 } as const;
const ECHO_MEMORY = 0xff000000;
const ECHO_MEMORY_LENGTH = 0x10000;

/** Ports, and bytes, of an echo register. */
const ECHO = 4;

/**
 * A device for tests of processors, as kvm-unit-tests expect it: a 32-bit register that can be accessed at any size, and
 * bytewise; interrupt lines that follow what is written to their ports; memory that is a device.
 */
export class PcTestdev implements PortDevice, MmioDevice {
  private readonly register = new Uint8Array(ECHO);
  private readonly memory = new DataView(new ArrayBuffer(ECHO_MEMORY_LENGTH));

  /** @param lines the interrupt lines behind ports 0x2000 and on, which are high while something other than 0 was written */
  constructor(private readonly lines: readonly InterruptLine[]) {}

  /** Takes ports 0xe0 to 0xeb, those of the lines, and 64 KiB of memory at 0xff000000. */
  connect(ports: PortBus, memory: MmioBus): void {
    ports.register(Port.echo, ECHO, this, 4);
    ports.register(Port.flush, ECHO, this, 4);
    ports.register(Port.echoBytes, ECHO, this, 1);
    ports.register(Port.lines, this.lines.length, this, 1);
    memory.register(ECHO_MEMORY, ECHO_MEMORY_LENGTH, this);
  }

  readPort(port: number, size: AccessSize): number {
    if (!isEcho(port)) return 0;
    let value = 0;
    for (let byte = 0; byte < size; byte++) value |= this.register[(port + byte) % ECHO] << (byte * 8);
    return value >>> 0;
  }

  writePort(port: number, size: AccessSize, value: number): void {
    if (port >= Port.lines) {
      this.lines[port - Port.lines].set(value !== 0);
    } else if (isEcho(port)) {
      for (let byte = 0; byte < size; byte++) this.register[(port + byte) % ECHO] = value >>> (byte * 8);
    }
  }

  readMemory(offset: number, size: AccessSize): number {
    if (size === 4) return this.memory.getUint32(offset, true);
    return size === 2 ? this.memory.getUint16(offset, true) : this.memory.getUint8(offset);
  }

  writeMemory(offset: number, size: AccessSize, value: number): void {
    if (size === 4) this.memory.setUint32(offset, value, true);
    else if (size === 2) this.memory.setUint16(offset, value, true);
    else this.memory.setUint8(offset, value);
  }
}

/** Both echoes show the same register. */
const isEcho = (port: number): boolean => (port & ~(ECHO - 1)) === Port.echo || (port & ~(ECHO - 1)) === Port.echoBytes;
