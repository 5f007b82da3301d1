import type { AccessSize, PortBus, PortDevice } from "./bus";

const Port = { data: 0x60, command: 0x64 } as const;

/** Status register. */
const Status = { outputFull: 0x01, selfTested: 0x04, notLocked: 0x10 } as const;

/** Commands to the controller (IBM PC AT, "Keyboard Controller"). From 0xf0 on they pulse outputs. */
const Command = {
  readCommandByte: 0x20,
  writeCommandByte: 0x60,
  selfTest: 0xaa,
  testKeyboard: 0xab,
  readOutput: 0xd0,
  writeOutput: 0xd1,
  pulse: 0xf0,
} as const;

const SELF_TEST_PASSED = 0x55;
const KEYBOARD_OK = 0x00;

/** The output port, and what a pulse makes 0: the processor's reset line, which is active low. A20 is always on. */
const Output = { notReset: 0x01, a20: 0x02 } as const;

/** The controller 8042 of a PC, to which no keyboard is connected. What is left is its use: to reset the machine. */
export class KeyboardController implements PortDevice {
  private output: number | undefined;
  private commandByte = 0;
  /** The command that waits for a data byte. */
  private command = 0;

  /** @param reset asks the machine for a reset */
  constructor(private readonly reset: () => void) {}

  /** Takes ports 0x60 and 0x64. */
  connect(ports: PortBus): void {
    ports.register(Port.data, 1, this);
    ports.register(Port.command, 1, this);
  }

  readPort(port: number, _size: AccessSize): number {
    if (port === Port.command) {
      return Status.selfTested | Status.notLocked | (this.output === undefined ? 0 : Status.outputFull);
    }
    const value = this.output ?? 0;
    this.output = undefined;
    return value;
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    if (port === Port.command) this.execute(value);
    else this.take(value);
  }

  private execute(command: number): void {
    this.command = command;
    switch (command) {
      case Command.readCommandByte:
        this.output = this.commandByte;
        break;
      case Command.selfTest:
        this.output = SELF_TEST_PASSED;
        break;
      case Command.testKeyboard:
        this.output = KEYBOARD_OK;
        break;
      case Command.readOutput:
        this.output = Output.notReset | Output.a20;
        break;
      default:
        if (command >= Command.pulse && !(command & Output.notReset)) this.reset();
    }
  }

  /** A data byte, for the last command or for the keyboard that is not there. */
  private take(value: number): void {
    if (this.command === Command.writeCommandByte) this.commandByte = value;
    else if (this.command === Command.writeOutput && !(value & Output.notReset)) this.reset();
    this.command = 0;
  }
}
