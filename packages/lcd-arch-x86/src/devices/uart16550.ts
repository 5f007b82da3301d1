import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";

/** Where a PC has its serial ports, and their interrupt requests. */
export const COM1 = { port: 0x3f8, irq: 4 } as const;
export const COM2 = { port: 0x2f8, irq: 3 } as const;

/** Registers, by their distance from the first port (PC16550D, "Registers"). */
const Register = {
  /** RBR when read, THR when written; DLL when DLAB is set. */
  data: 0,
  /** IER; DLM when DLAB is set. */
  interruptEnable: 1,
  /** IIR when read, FCR when written. */
  interruptIdentification: 2,
  lineControl: 3,
  modemControl: 4,
  lineStatus: 5,
  modemStatus: 6,
  scratch: 7,
} as const;

const InterruptEnable = { received: 1, transmitter: 2, lineStatus: 4, modemStatus: 8, all: 0x0f } as const;

/** Interrupt sources as IIR names them, the first that is pending in this order. */
const Source = {
  lineStatus: 0x06,
  received: 0x04,
  timeout: 0x0c,
  transmitter: 0x02,
  modemStatus: 0x00,
  none: 0x01,
  /** Bits 7 and 6 are set while the FIFOs are enabled. */
  fifosEnabled: 0xc0,
} as const;

const FifoControl = { enable: 1, clearReceiver: 2, triggerShift: 6 } as const;

/** Bytes in the receiver FIFO from which on it interrupts, by bits 7 and 6 of FCR. */
const triggerLevels = [1, 4, 8, 14] as const;

const DLAB = 0x80;

const ModemControl = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loop: 0x10, all: 0x1f } as const;

const LineStatus = { dataReady: 0x01, overrun: 0x02, transmitterEmpty: 0x60 } as const;

/** The low four bits of MSR say which of the high four have changed. */
const ModemStatus = { trailingRing: 0x04, cts: 0x10, dsr: 0x20, ring: 0x40, carrier: 0x80 } as const;

/** What is connected is always ready. */
const CONNECTED = ModemStatus.cts | ModemStatus.dsr | ModemStatus.carrier;

/** Outputs of MCR and the inputs of MSR that they become in a loop. */
const loops = [
  [ModemControl.rts, ModemStatus.cts],
  [ModemControl.dtr, ModemStatus.dsr],
  [ModemControl.out1, ModemStatus.ring],
  [ModemControl.out2, ModemStatus.carrier],
] as const;

/** What the divisor is set to before software sets it: 9600 baud. */
const DEFAULT_DIVISOR = 12;

/** Bytes of the receiver FIFO. */
const FIFO = 16;

/**
 * The UART PC16550D. Bytes are sent and received in no time, so the transmitter is always empty, and a FIFO that has not
 * reached its trigger level has timed out. Its interrupt is always connected, as on QEMU; on the boards of PCs, OUT2 of MCR
 * does that, and kernels that were only ever tried on QEMU leave it 0.
 */
export class Uart16550 implements PortDevice {
  private readonly fifo: number[] = [];
  /** Input that the FIFO had no place for, of whose first part `taken` bytes have found theirs since. */
  private readonly waiting: Uint8Array[] = [];
  private taken = 0;
  private untaken = 0;
  private lastRead = 0;
  private interruptEnable = 0;
  private fifosEnabled = false;
  private trigger: number = triggerLevels[0];
  private lineControl = 0;
  private modemControl = 0;
  private modemStatus: number = CONNECTED;
  private scratch = 0;
  private divisor = DEFAULT_DIVISOR;
  private overrun = false;
  /** The transmitter has become empty, and nobody has been told. */
  private transmitted = false;

  /**
   * @param first the first of its eight ports
   * @param output called with each byte that is sent
   */
  constructor(
    private readonly first: number,
    private readonly irq: InterruptLine,
    private readonly output: (byte: number) => void,
  ) {}

  /** Takes its eight ports. */
  connect(ports: PortBus): void {
    ports.register(this.first, 8, this);
  }

  /** Input arrives. What the FIFO has no place for waits. */
  receive(bytes: Iterable<number>): void {
    const part = Uint8Array.from(bytes);
    if (part.length === 0) return;
    this.waiting.push(part);
    this.untaken += part.length;
    this.update();
  }

  /** Bytes that have arrived and have not been read. */
  get unread(): number {
    return this.untaken + this.fifo.length;
  }

  readPort(port: number, _size: AccessSize): number {
    const value = this.read(port - this.first);
    this.update();
    return value;
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    this.write(port - this.first, value);
    this.update();
  }

  private read(register: number): number {
    switch (register) {
      case Register.data:
        return this.isDivisor() ? this.divisor & 0xff : this.take();
      case Register.interruptEnable:
        return this.isDivisor() ? this.divisor >> 8 : this.interruptEnable;
      case Register.interruptIdentification: {
        const source = this.source();
        if (source === Source.transmitter) this.transmitted = false;
        return source | (this.fifosEnabled ? Source.fifosEnabled : 0);
      }
      case Register.lineControl:
        return this.lineControl;
      case Register.modemControl:
        return this.modemControl;
      case Register.lineStatus: {
        const status = this.lineStatus();
        this.overrun = false;
        return status;
      }
      case Register.modemStatus: {
        const status = this.modemStatus;
        this.modemStatus &= 0xf0;
        return status;
      }
      default:
        return this.scratch;
    }
  }

  private write(register: number, value: number): void {
    switch (register) {
      case Register.data:
        if (this.isDivisor()) this.divisor = (this.divisor & 0xff00) | value;
        else this.transmit(value);
        break;
      case Register.interruptEnable:
        if (this.isDivisor()) this.divisor = (this.divisor & 0xff) | (value << 8);
        else this.enableInterrupts(value & InterruptEnable.all);
        break;
      case Register.interruptIdentification:
        this.controlFifo(value);
        break;
      case Register.lineControl:
        this.lineControl = value;
        break;
      case Register.modemControl:
        this.controlModem(value & ModemControl.all);
        break;
      case Register.scratch:
        this.scratch = value;
    }
  }

  private isDivisor(): boolean {
    return (this.lineControl & DLAB) !== 0;
  }

  private isLoop(): boolean {
    return (this.modemControl & ModemControl.loop) !== 0;
  }

  private capacity(): number {
    return this.fifosEnabled ? FIFO : 1;
  }

  /** Each byte that is read ends a timeout: who reads one byte for each interrupt gets one for the next, too. */
  private take(): number {
    this.lastRead = this.fifo.shift() ?? this.lastRead;
    this.show(this.source(false));
    return this.lastRead;
  }

  /** The transmitter is full for a moment, and then empty again: who does not read IIR is told as well. */
  private transmit(byte: number): void {
    this.transmitted = false;
    this.show(this.source());
    this.transmitted = true;
    if (!this.isLoop()) {
      this.output(byte);
    } else if (this.fifo.length < this.capacity()) {
      this.fifo.push(byte);
    } else {
      this.overrun = true;
      // Without FIFO the receiver buffer is overwritten; a full FIFO keeps what it has.
      if (!this.fifosEnabled) this.fifo[0] = byte;
    }
  }

  /** An empty transmitter interrupts when its interrupt becomes enabled. */
  private enableInterrupts(value: number): void {
    if (value & ~this.interruptEnable & InterruptEnable.transmitter) this.transmitted = true;
    this.interruptEnable = value;
  }

  /** Enabling or disabling clears the FIFOs; the other bits are programmed only together with the enable bit. */
  private controlFifo(value: number): void {
    const enable = (value & FifoControl.enable) !== 0;
    if (enable !== this.fifosEnabled || (enable && value & FifoControl.clearReceiver)) this.fifo.length = 0;
    this.fifosEnabled = enable;
    this.trigger = enable ? triggerLevels[(value >> FifoControl.triggerShift) & 3] : 1;
  }

  private controlModem(value: number): void {
    this.modemControl = value;
    let inputs: number = CONNECTED;
    if (this.isLoop()) {
      inputs = 0;
      for (const [output, input] of loops) inputs |= value & output ? input : 0;
    }
    const changed = (inputs ^ this.modemStatus) & 0xf0;
    // Of RI, only the end of a ring is told.
    const told = changed & ~(inputs & ModemStatus.ring);
    this.modemStatus = inputs | (this.modemStatus & 0x0f) | (told >> 4);
  }

  private lineStatus(): number {
    const ready = this.fifo.length > 0 ? LineStatus.dataReady : 0;
    return LineStatus.transmitterEmpty | ready | (this.overrun ? LineStatus.overrun : 0);
  }

  /**
   * The interrupt of highest priority that is enabled and pending.
   *
   * @param timedOut whether nothing has been received or read for some time
   */
  private source(timedOut = true): number {
    const enabled = this.interruptEnable;
    if (enabled & InterruptEnable.lineStatus && this.overrun) return Source.lineStatus;
    if (enabled & InterruptEnable.received) {
      if (this.fifo.length >= this.trigger) return Source.received;
      if (this.fifo.length > 0 && timedOut) return Source.timeout;
    }
    if (enabled & InterruptEnable.transmitter && this.transmitted) return Source.transmitter;
    if (enabled & InterruptEnable.modemStatus && this.modemStatus & 0x0f) return Source.modemStatus;
    return Source.none;
  }

  private nextWaiting(): number {
    const [part] = this.waiting;
    const byte = part[this.taken++];
    this.untaken--;
    if (this.taken === part.length) {
      this.waiting.shift();
      this.taken = 0;
    }
    return byte;
  }

  private show(source: number): void {
    this.irq.set(source !== Source.none);
  }

  /** Input comes no faster than it is read, and does not overtake the interrupt that the trigger level asks for. */
  private update(): void {
    while (!this.isLoop() && this.fifo.length < this.trigger && this.untaken > 0) this.fifo.push(this.nextWaiting());
    this.show(this.source());
  }
}
