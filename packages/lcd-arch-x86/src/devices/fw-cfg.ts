import { KernelError } from "../errno";
import type { AccessSize, PortBus, PortDevice } from "./bus";
import { type E820Range, encodeE820 } from "./e820";
import { ascii, joined, u16, u32, u64, zeros } from "./table-bytes";

/** The selector has 16 bits, the data register behind its first byte has 8. */
const Port = { selector: 0x510, data: 0x511 } as const;

/** Keys of the selector (QEMU, "Firmware Configuration (fw_cfg) Device"). */
const Key = {
  signature: 0x00,
  id: 0x01,
  memory: 0x03,
  cpus: 0x05,
  maxCpus: 0x0f,
  fileDirectory: 0x19,
  firstFile: 0x20,
} as const;

/** Bit 0 of the ID: there is this interface. Bit 1 would be DMA. */
const TRADITIONAL = 1;

/** Bytes for a file's name in the directory, the zero at its end included. */
const NAME = 56;

const NOTHING = zeros(0);

/** What a guest is told. */
export interface FwCfgOptions {
  cpus: number;
  /** Bytes of RAM. */
  memory: number;
  e820: readonly E820Range[];
  /** More files: names of at most 55 ASCII letters, and contents. */
  files?: ReadonlyMap<string, Uint8Array>;
}

/**
 * QEMU's firmware configuration device, without DMA: what the host tells a guest about the machine. It has no kernel's
 * command line, because QEMU gives a Multiboot kernel none here, but in its information structure only.
 */
export class FwCfg implements PortDevice {
  private readonly items: ReadonlyMap<number, Uint8Array>;
  private selected: Uint8Array = NOTHING;
  private offset = 0;

  /** @throws KernelError EINVAL for a file's name that is too long */
  constructor(options: FwCfgOptions) {
    this.items = itemsOf(options);
  }

  /** Takes ports 0x510 and 0x511. */
  connect(ports: PortBus): void {
    ports.register(Port.selector, 2, this, 2);
  }

  /** The data register gives the next byte of what is selected, and zeros behind its end. */
  readPort(port: number, size: AccessSize): number {
    if (port !== Port.data) return size === 2 ? this.next() << 8 : 0;
    return this.next();
  }

  /** Only writes of 16 bits select. There is nothing that can be written. */
  writePort(port: number, size: AccessSize, value: number): void {
    if (port !== Port.selector || size !== 2) return;
    this.selected = this.items.get(value) ?? NOTHING;
    this.offset = 0;
  }

  private next(): number {
    return this.offset < this.selected.length ? this.selected[this.offset++] : 0;
  }
}

function itemsOf(options: FwCfgOptions): Map<number, Uint8Array> {
  const { cpus, memory, e820, files = new Map() } = options;
  const allFiles = [...new Map([["etc/e820", encodeE820(e820)], ...files])];
  return new Map<number, Uint8Array>([
    [Key.signature, ascii("QEMU", 4)],
    [Key.id, u32(TRADITIONAL)],
    [Key.memory, u64(memory)],
    [Key.cpus, u16(cpus)],
    [Key.maxCpus, u16(cpus)],
    [Key.fileDirectory, directory(allFiles)],
    ...allFiles.map(([, content], index) => [Key.firstFile + index, content] as const),
  ]);
}

/** How many files there are; then size, key and name of each. Numbers are big-endian. */
function directory(files: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  const entries = files.map(([name, content], index) => {
    if (name.length >= NAME) {
      throw new KernelError("EINVAL", `fw_cfg file ${name}: a name has at most ${NAME - 1} letters`);
    }
    return joined(
      bigEndian(u32(content.length)),
      bigEndian(u16(Key.firstFile + index)),
      zeros(2),
      ascii(name, NAME, "\0"),
    );
  });
  return joined(bigEndian(u32(files.length)), ...entries);
}

const bigEndian = (field: Uint8Array): Uint8Array => field.reverse();
