import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";
import { keyboardCommands, mouseCommands, Ps2Device } from "./ps2-device";

const Port = { data: 0x60, command: 0x64 } as const;

/** Status register. Whether a command or a byte was written last is not told: bit 3 says command. */
const Status = { outputFull: 0x01, selfTested: 0x04, command: 0x08, notLocked: 0x10, fromMouse: 0x20 } as const;
const ALWAYS = Status.selfTested | Status.command | Status.notLocked;

/** Commands to the controller (IBM PS/2 Hardware Interface Technical Reference). From 0xf0 on they pulse outputs. */
const Command = {
  readCommandByte: 0x20,
  writeCommandByte: 0x60,
  disableMouse: 0xa7,
  enableMouse: 0xa8,
  testMouse: 0xa9,
  selfTest: 0xaa,
  testKeyboard: 0xab,
  disableKeyboard: 0xad,
  enableKeyboard: 0xae,
  readInput: 0xc0,
  readOutput: 0xd0,
  writeOutput: 0xd1,
  writeKeyboardBuffer: 0xd2,
  writeMouseBuffer: 0xd3,
  writeMouse: 0xd4,
  pulse: 0xf0,
} as const;

const SELF_TEST_PASSED = 0x55;
const LINE_OK = 0x00;

/** Bits of the command byte. */
const Mode = {
  keyboardInterrupt: 0x01,
  mouseInterrupt: 0x02,
  keyboardDisabled: 0x10,
  mouseDisabled: 0x20,
  translate: 0x40,
} as const;

/** As firmware leaves it: the keyboard interrupts, and its codes are translated; the mouse is off. */
const FIRMWARE_MODE = Mode.keyboardInterrupt | Mode.mouseDisabled | Mode.translate;

/** The input port: the keyboard is not locked. */
const INPUT = 0x80;

/**
 * The output port, and what a pulse makes 0: the processor's reset line, which is active low. A20 is always on; clock and
 * data of both devices are idle, which is high.
 */
const Output = { notReset: 0x01, a20: 0x02, mouseIdle: 0x0c, keyboardIdle: 0xc0 } as const;
const OUTPUT = Output.notReset | Output.a20 | Output.mouseIdle | Output.keyboardIdle;

/** What the controller answers to commands. */
const answers: ReadonlyMap<number, number> = new Map([
  [Command.testMouse, LINE_OK],
  [Command.selfTest, SELF_TEST_PASSED],
  [Command.testKeyboard, LINE_OK],
  [Command.readInput, INPUT],
  [Command.readOutput, OUTPUT],
]);

/** Commands that change the command byte. */
const modeChanges: ReadonlyMap<number, { readonly set?: number; readonly clear?: number }> = new Map([
  [Command.disableMouse, { set: Mode.mouseDisabled }],
  [Command.enableMouse, { clear: Mode.mouseDisabled }],
  [Command.disableKeyboard, { set: Mode.keyboardDisabled }],
  [Command.enableKeyboard, { clear: Mode.keyboardDisabled }],
]);

/** Of a keyboard's answers, translation changes only the second byte of its ID: as a scan code it is that of F7. */
const translations: ReadonlyMap<number, number> = new Map([[0x83, 0x41]]);

/** A byte for the processor, and where it comes from. */
interface OutputByte {
  readonly byte: number;
  readonly fromMouse: boolean;
}

/** What a controller is connected to. */
export interface KeyboardControllerOptions {
  /** Asks the machine for a reset. */
  reset: () => void;
  /** IRQ 1 and IRQ 12: high while there is a byte to be read, and told of each anew. */
  keyboardIrq: InterruptLine;
  mouseIrq: InterruptLine;
}

/** The controller 8042 of a PC, with a keyboard and a mouse that nobody touches. */
export class KeyboardController implements PortDevice {
  private readonly keyboard = new Ps2Device(keyboardCommands);
  private readonly mouse = new Ps2Device(mouseCommands);
  private mode: number = FIRMWARE_MODE;
  /** What the controller itself has to say: it comes before what the devices do. */
  private own: OutputByte | undefined;
  private output: OutputByte | undefined;
  private lastRead = 0;
  /** The command that waits for a data byte. */
  private command = 0;

  constructor(private readonly options: KeyboardControllerOptions) {}

  /** Takes ports 0x60 and 0x64. */
  connect(ports: PortBus): void {
    ports.register(Port.data, 1, this);
    ports.register(Port.command, 1, this);
  }

  readPort(port: number, _size: AccessSize): number {
    if (port === Port.command) {
      const from = this.output?.fromMouse ? Status.fromMouse : 0;
      return ALWAYS | from | (this.output === undefined ? 0 : Status.outputFull);
    }
    this.lastRead = this.output?.byte ?? this.lastRead;
    this.output = undefined;
    this.update();
    return this.lastRead;
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    if (port === Port.command) this.execute(value);
    else this.take(value);
    this.update();
  }

  private execute(command: number): void {
    this.command = command;
    const answer = command === Command.readCommandByte ? this.mode : answers.get(command);
    if (answer !== undefined) this.say(answer);
    const { set = 0, clear = 0 } = modeChanges.get(command) ?? {};
    this.mode = (this.mode | set) & ~clear;
    if (command >= Command.pulse && !(command & Output.notReset)) this.options.reset();
  }

  /** A data byte, for the last command or for the keyboard. A device that is written to is enabled. */
  private take(value: number): void {
    const { command } = this;
    this.command = 0;
    switch (command) {
      case Command.writeCommandByte:
        this.mode = value;
        break;
      case Command.writeOutput:
        if (!(value & Output.notReset)) this.options.reset();
        break;
      case Command.writeKeyboardBuffer:
        this.say(value);
        break;
      case Command.writeMouseBuffer:
        this.say(value, true);
        break;
      case Command.writeMouse:
        this.mouse.write(value);
        this.mode &= ~Mode.mouseDisabled;
        break;
      default:
        this.keyboard.write(value);
        this.mode &= ~Mode.keyboardDisabled;
    }
  }

  private say(byte: number, fromMouse = false): void {
    this.own = { byte, fromMouse };
  }

  /** Puts the next byte where it can be read, and shows both interrupt lines what there is. */
  private update(): void {
    const { keyboardIrq, mouseIrq } = this.options;
    if (this.output === undefined) {
      keyboardIrq.set(false);
      mouseIrq.set(false);
      this.output = this.next();
    }
    if (this.output === undefined) return;
    const enabled = this.output.fromMouse ? Mode.mouseInterrupt : Mode.keyboardInterrupt;
    (this.output.fromMouse ? mouseIrq : keyboardIrq).set((this.mode & enabled) !== 0);
  }

  private next(): OutputByte | undefined {
    const { own } = this;
    this.own = undefined;
    return own ?? this.fromKeyboard() ?? this.fromMouse();
  }

  private fromKeyboard(): OutputByte | undefined {
    const byte = this.mode & Mode.keyboardDisabled ? undefined : this.keyboard.read();
    if (byte === undefined) return undefined;
    const translated = this.mode & Mode.translate ? (translations.get(byte) ?? byte) : byte;
    return { byte: translated, fromMouse: false };
  }

  private fromMouse(): OutputByte | undefined {
    const byte = this.mode & Mode.mouseDisabled ? undefined : this.mouse.read();
    return byte === undefined ? undefined : { byte, fromMouse: true };
  }
}
