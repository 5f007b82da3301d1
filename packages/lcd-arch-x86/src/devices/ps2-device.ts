const ACKNOWLEDGE = 0xfa;
const RESEND = 0xfe;
const SELF_TEST_PASSED = 0xaa;
const ECHO = 0xee;
const RESET = 0xff;

/** Bytes that a device keeps for the controller; what does not fit is lost. */
const BUFFER = 16;

/** What a device answers to a byte. */
interface Command {
  readonly answer: readonly number[];
  /** A byte follows that is acknowledged, too. */
  readonly takesByte?: true;
}

const acknowledged: Command = { answer: [ACKNOWLEDGE] };
const acknowledgedTwice: Command = { answer: [ACKNOWLEDGE], takesByte: true };

/** IBM PS/2 Hardware Interface Technical Reference, "Keyboard": lamps, scan code set and repetition mean nothing here. */
export const keyboardCommands: ReadonlyMap<number, Command> = new Map([
  [0xed, acknowledgedTwice],
  [ECHO, { answer: [ECHO] }],
  [0xf0, acknowledgedTwice],
  [0xf2, { answer: [ACKNOWLEDGE, 0xab, 0x83] }],
  [0xf3, acknowledgedTwice],
  [0xf4, acknowledged],
  [0xf5, acknowledged],
  [0xf6, acknowledged],
  [RESET, { answer: [ACKNOWLEDGE, SELF_TEST_PASSED] }],
]);

/** The same, "Mouse". Its status (E9H) is always that after reset, 4 counts per mm and 100 samples a second; it lies still. */
export const mouseCommands: ReadonlyMap<number, Command> = new Map([
  [0xe6, acknowledged],
  [0xe7, acknowledged],
  [0xe8, acknowledgedTwice],
  [0xe9, { answer: [ACKNOWLEDGE, 0x00, 0x02, 100] }],
  [0xea, acknowledged],
  [0xeb, { answer: [ACKNOWLEDGE, 0x08, 0x00, 0x00] }],
  [0xf0, acknowledged],
  [0xf2, { answer: [ACKNOWLEDGE, 0x00] }],
  [0xf3, acknowledgedTwice],
  [0xf4, acknowledged],
  [0xf5, acknowledged],
  [0xf6, acknowledged],
  [RESET, { answer: [ACKNOWLEDGE, SELF_TEST_PASSED, 0x00] }],
]);

/** A keyboard or a mouse that nobody touches: it answers what it is asked, so that drivers find it. */
export class Ps2Device {
  private readonly buffer: number[] = [];
  private awaitsByte = false;

  constructor(private readonly commands: ReadonlyMap<number, Command>) {}

  /** A byte from the controller: a command, or what follows one. */
  write(byte: number): void {
    if (this.awaitsByte) {
      this.awaitsByte = false;
      this.answer([ACKNOWLEDGE]);
      return;
    }
    const { answer, takesByte = false } = this.commands.get(byte) ?? { answer: [RESEND] };
    if (byte === RESET) this.buffer.length = 0;
    this.awaitsByte = takesByte;
    this.answer(answer);
  }

  /** The next byte for the controller, which is taken away. */
  read(): number | undefined {
    return this.buffer.shift();
  }

  private answer(bytes: readonly number[]): void {
    this.buffer.push(...bytes.slice(0, BUFFER - this.buffer.length));
  }
}
