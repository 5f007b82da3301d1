import type { AccessSize, PortBus, PortDevice } from "./bus";
import type { Clock } from "./clock";

/** Ports (IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"), in colour. */
const Port = {
  attribute: 0x3c0,
  attributeRead: 0x3c1,
  /** Miscellaneous output when written. */
  inputStatus0: 0x3c2,
  dacMask: 0x3c6,
  /** The state when read. */
  dacReadIndex: 0x3c7,
  dacWriteIndex: 0x3c8,
  dacData: 0x3c9,
  miscellaneousRead: 0x3cc,
  inputStatus1: 0x3da,
} as const;

const CLAIMED = [
  { first: 0x3c0, count: 16 },
  { first: 0x3d4, count: 2 },
  { first: 0x3da, count: 1 },
] as const;

/** Registers behind an index and a data port: how many bits of the index count, and which bits of each register there are. */
interface Group {
  readonly indexMask: number;
  readonly bits: readonly number[];
  /** What firmware sets for text, 80 x 25. */
  readonly initial: readonly number[];
}

const sequencer: Group = {
  indexMask: 0x07,
  bits: [0x03, 0x3d, 0x0f, 0x3f, 0x0e],
  initial: [0x03, 0x00, 0x03, 0x00, 0x02],
};

const graphics: Group = {
  indexMask: 0x0f,
  bits: [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff],
  initial: [0, 0, 0, 0, 0, 0x10, 0x0e, 0x0f, 0xff],
};

const crtController: Group = {
  indexMask: 0xff,
  bits: new Array(25).fill(0xff),
  initial: [
    ...[0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00],
    ...[0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff],
  ],
};

const attributes: Group = {
  indexMask: 0x3f,
  bits: [...new Array(16).fill(0x3f), 0xef, 0xff, 0x3f, 0x0f, 0x0f],
  initial: [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0, 0x0f, 0x08, 0],
};

/** Of the CRT controller: bit 7 of register 11H protects registers 0 to 7, but not bit 4 of the last of them. */
const Protection = { register: 0x11, protect: 0x80, last: 7, lastWritable: 0x10 } as const;

/** Registers of the CRT controller that say where in its memory the screen begins. */
const Start = { high: 0x0c, low: 0x0d } as const;

/** The attribute index has one more bit: whether the palette is in use, without which the screen is dark. */
const PALETTE_IN_USE = 0x20;

/** Colour, RAM enabled, 28 MHz clock: 720 dots. */
const MISCELLANEOUS = 0x67;

const PALETTE = 256 * 3;
const DacState = { reading: 3, writing: 0 } as const;

const Status1 = { displayDisabled: 0x01, verticalRetrace: 0x08 } as const;

/** Nanoseconds of a line, and of what is seen of it; lines of a frame, those that are seen, and where the beam goes back. */
const Line = { time: 31_778, seen: 25_422 } as const;
const Frame = { lines: 449, seen: 400, retrace: 412, retraceEnd: 414 } as const;

class IndexedRegisters {
  index = 0;
  private readonly values: Uint8Array;

  constructor(private readonly group: Group) {
    this.values = Uint8Array.from(group.initial);
  }

  select(index: number): void {
    this.index = index & this.group.indexMask;
  }

  /** 0 where there is none. */
  read(index = this.index): number {
    return this.values[index] ?? 0;
  }

  /** @param writable those of the selected register's bits that change */
  write(value: number, writable = 0xff): void {
    if (this.index >= this.values.length) return;
    const old = this.values[this.index];
    this.values[this.index] = ((value & writable) | (old & ~writable)) & this.group.bits[this.index];
  }
}

/**
 * The registers of a VGA in text mode, 80 x 25, without a screen: kernels that write text ask where the cursor is, move
 * it, and wait for the beam to go back.
 */
export class VgaRegisters implements PortDevice {
  private readonly attributes = new IndexedRegisters(attributes);
  private readonly crtController = new IndexedRegisters(crtController);
  /** Groups whose index port is followed by their data port. */
  private readonly pairs: ReadonlyMap<number, IndexedRegisters> = new Map([
    [0x3c4, new IndexedRegisters(sequencer)],
    [0x3ce, new IndexedRegisters(graphics)],
    [0x3d4, this.crtController],
  ]);
  private attributeIsData = false;
  private paletteInUse = PALETTE_IN_USE;
  private miscellaneous = MISCELLANEOUS;
  private dacMask = 0xff;
  private dacState: number = DacState.writing;
  /** Next byte of the palette to be read and to be written: three for each colour. */
  private dacRead = 0;
  private dacWrite = 0;
  private readonly palette = new Uint8Array(PALETTE);

  constructor(private readonly clock: Clock) {}

  /** Takes ports 0x3c0 to 0x3cf, 0x3d4, 0x3d5 and 0x3da. */
  connect(ports: PortBus): void {
    for (const { first, count } of CLAIMED) ports.register(first, count, this);
  }

  /** The place in text memory at which the screen begins. */
  get start(): number {
    return (this.crtController.read(Start.high) << 8) | this.crtController.read(Start.low);
  }

  readPort(port: number, _size: AccessSize): number {
    const pair = this.pairs.get(port);
    if (pair !== undefined) return pair.index;
    switch (port) {
      case Port.attribute:
        return this.attributeIsData ? 0 : this.attributes.index | this.paletteInUse;
      case Port.attributeRead:
        return this.attributes.read();
      case Port.dacMask:
        return this.dacMask;
      case Port.dacReadIndex:
        return this.dacState;
      case Port.dacWriteIndex:
        return Math.floor(this.dacWrite / 3);
      case Port.dacData: {
        const value = this.palette[this.dacRead];
        this.dacRead = (this.dacRead + 1) % PALETTE;
        return value;
      }
      case Port.miscellaneousRead:
        return this.miscellaneous;
      case Port.inputStatus1:
        this.attributeIsData = false;
        return this.inputStatus1();
      default:
        return this.pairs.get(port - 1)?.read() ?? 0;
    }
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    const pair = this.pairs.get(port);
    if (pair !== undefined) {
      pair.select(value);
      return;
    }
    switch (port) {
      case Port.attribute:
        this.writeAttribute(value);
        break;
      case Port.inputStatus0:
        this.miscellaneous = value;
        break;
      case Port.dacMask:
        this.dacMask = value;
        break;
      case Port.dacReadIndex:
        this.dacRead = value * 3;
        this.dacState = DacState.reading;
        break;
      case Port.dacWriteIndex:
        this.dacWrite = value * 3;
        this.dacState = DacState.writing;
        break;
      case Port.dacData:
        this.palette[this.dacWrite] = value & 0x3f;
        this.dacWrite = (this.dacWrite + 1) % PALETTE;
        break;
      default:
        this.writeData(this.pairs.get(port - 1), value);
    }
  }

  private writeData(registers: IndexedRegisters | undefined, value: number): void {
    if (registers !== this.crtController || !this.isProtected()) registers?.write(value);
    else if (registers.index === Protection.last) registers.write(value, Protection.lastWritable);
  }

  private isProtected(): boolean {
    const { crtController } = this;
    const locked = (crtController.read(Protection.register) & Protection.protect) !== 0;
    return locked && crtController.index <= Protection.last;
  }

  /** One port for index and data, which take turns; reading input status 1 makes the next one an index. */
  private writeAttribute(value: number): void {
    if (this.attributeIsData) {
      this.attributes.write(value);
    } else {
      this.attributes.select(value & ~PALETTE_IN_USE);
      this.paletteInUse = value & PALETTE_IN_USE;
    }
    this.attributeIsData = !this.attributeIsData;
  }

  /** Where the beam is. */
  private inputStatus1(): number {
    const now = this.clock.now();
    const line = Math.floor(now / Line.time) % Frame.lines;
    const seen = line < Frame.seen && now % Line.time < Line.seen;
    const retrace = line >= Frame.retrace && line < Frame.retraceEnd;
    return (seen ? 0 : Status1.displayDisabled) | (retrace ? Status1.verticalRetrace : 0);
  }
}
