import type { SeededRandom } from "../src/host/random";
import { Arena } from "./arena";
import { u32 } from "./words";

const PAGE = 4096;
/** Pages of code; the others hold data and the stack. */
const CODE_PAGES = 7;
const DATA = Arena.base + 8 * PAGE;
const DATA_BYTES = 3 * PAGE;
const RSP = 4;

/**
 * Writes machine code that runs on and on: it computes, loops, calls, and changes its own immediate operands all the
 * time, by either address of its pages and in every way that a store can, but never into something that is not code.
 */
export class SteadyCode {
  private readonly image = new Uint8Array(Arena.pages * PAGE);
  private at = 0;
  /** Where instructions begin that may be jumped to, and functions. */
  readonly starts: number[] = [];
  private readonly functions: number[] = [];
  /** Addresses of 4-byte immediates. */
  private readonly immediates: number[] = [];

  constructor(private readonly random: SeededRandom) {}

  /** Contents for the arena's pages. */
  pages(): Uint8Array {
    const { random } = this;
    for (let i = DATA - Arena.base; i < this.image.length; i++) this.image[i] = random.below(256);
    for (let i = 0; i < 12; i++) this.function();
    this.stackPointer();
    while (this.at < CODE_PAGES * PAGE - 64) {
      this.starts.push(this.here);
      this.one();
    }
    this.put(0xe9, ...this.relative(this.starts[random.below(20)]));
    return this.image;
  }

  private get here(): number {
    return Arena.base + this.at;
  }

  private put(...bytes: number[]): void {
    this.image.set(bytes, this.at);
    this.at += bytes.length;
  }

  private word(value: number): number[] {
    return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  }

  /** Displacement to an address from behind an instruction whose last four bytes it is, `before` bytes on. */
  private relative(target: number, before = 1): number[] {
    return this.word(target - (this.here + before + 4));
  }

  private register(): number {
    const register = this.random.below(8);
    return register === RSP ? 0 : register;
  }

  private data(): number {
    const { random } = this;
    const offset = random.below(4) === 0 ? PAGE - random.below(16) : random.below(DATA_BYTES - 32);
    return DATA + offset;
  }

  /** The address of an immediate, or the other address of it; sometimes that of its middle, or of two at once. */
  private immediate(): number {
    const { random, immediates } = this;
    const recent = random.below(2) === 0;
    const index = recent ? Math.max(0, immediates.length - 1 - random.below(8)) : random.below(immediates.length);
    const address = immediates[index] + (random.below(4) === 0 ? 1 : 0);
    return random.below(2) === 0 ? address : address - Arena.base + Arena.alias;
  }

  private stackPointer(): void {
    this.put(0xbc, ...this.word(DATA + DATA_BYTES + PAGE - 256));
  }

  private function(): void {
    this.functions.push(this.here);
    for (let i = 2 + this.random.below(5); i > 0; i--) this.simple();
    this.put(0xc3);
  }

  private one(): void {
    const { random } = this;
    const choice = random.below(100);
    if (choice < 50) this.simple();
    else if (choice < 64) this.change();
    else if (choice < 74) this.jump();
    else if (choice < 82) this.put(0xe8, ...this.relative(this.functions[random.below(this.functions.length)]));
    else if (choice < 88) this.loop();
    else if (choice < 93) this.copy();
    else if (choice < 97) this.put(0x50 | this.register(), 0x58 | this.register());
    else if (choice < 98) this.put(0x9c, 0x9d);
    else this.toAlias();
  }

  /** Computes, without leaving. */
  private simple(): void {
    const { random } = this;
    const [a, b] = [this.register(), this.register()];
    const wide = random.below(2) === 0 ? [0x48] : [];
    switch (random.below(9)) {
      case 0:
      case 1:
        // op register, imm32
        this.put(...wide, 0x81, 0xc0 | (random.below(8) << 3) | a);
        this.immediates.push(this.here);
        this.put(...this.word(u32(random)));
        break;
      case 2:
        this.put(0xb8 | a);
        this.immediates.push(this.here);
        this.put(...this.word(u32(random)));
        break;
      case 3:
        this.put(
          ...wide,
          (random.below(8) << 3) | this.pick([0, 1, 2, 3]),
          0x04 | (a << 3),
          0x25,
          ...this.word(this.data()),
        );
        break;
      case 4:
        this.put(...wide, (random.below(8) << 3) | this.pick([1, 3]), 0xc0 | (a << 3) | b);
        break;
      case 5:
        this.put(...wide, 0xc1, 0xc0 | (this.pick([0, 1, 2, 3, 4, 5, 7]) << 3) | a, random.below(64));
        break;
      case 6:
        this.put(
          ...wide,
          0x0f,
          this.pick([0xaf, 0xa3, 0xbc, 0xbd, 0x40 | random.below(16), 0xab, 0xc1]),
          0xc0 | (a << 3) | b,
        );
        break;
      case 7:
        this.put(0xf0, ...wide, 0x0f, this.pick([0xb1, 0xc1]), 0x04 | (a << 3), 0x25, ...this.word(this.data()));
        break;
      default:
        this.put(0x0f, 0x90 | random.below(16), 0xc0 | this.pick([0, 1, 2, 3]));
    }
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)];
  }

  /** Changes an immediate operand of code. */
  private change(): void {
    const { random } = this;
    if (this.immediates.length === 0) return;
    const place = this.word(this.immediate());
    switch (random.below(7)) {
      case 0:
        this.put(0xc6, 0x04, 0x25, ...place, random.below(256));
        break;
      case 1:
        this.put(0x66, 0x89, 0x04 | (this.register() << 3), 0x25, ...place);
        break;
      case 2:
        this.put(0xff, 0x04, 0x25, ...place.map((byte, index) => (index === 0 ? byte & ~1 : byte)));
        break;
      case 3:
        this.put(0xf0, 0x0f, 0xb0, 0x0c, 0x25, ...place);
        break;
      case 4:
        // mov edi, place; mov al, ..; stosb twice
        this.put(0xbf, ...place, 0xfc, 0xaa, 0xaa);
        break;
      case 5:
        // mov edi, place; mov esi, data; mov ecx, 1 to 3; rep movsb
        this.put(0xbf, ...place, 0xbe, ...this.word(this.data()), 0xb9, ...this.word(1 + random.below(3)), 0xf3, 0xa4);
        break;
      default:
        this.put(0x86, 0x0c, 0x25, ...place);
    }
  }

  private jump(): void {
    const { random, starts } = this;
    const target = starts[Math.max(0, starts.length - 1 - random.below(random.below(4) === 0 ? 300 : 6))];
    // Backwards by a condition that changes; forwards over the next instructions, whatever they are.
    if (random.below(2) === 0) this.put(0x0f, 0x80 | random.below(16), ...this.relative(target, 2));
    else {
      this.put(0x70 | random.below(16), 0);
      const from = this.at;
      for (let i = 1 + random.below(3); i > 0; i--) this.simple();
      this.image[from - 1] = this.at - from;
    }
  }

  /** mov ecx, n; l: a few; loop l */
  private loop(): void {
    this.put(0xb9, ...this.word(1 + this.random.below(60)));
    const start = this.at;
    this.put(0x51);
    for (let i = 1 + this.random.below(3); i > 0; i--) this.simple();
    if (this.random.below(3) === 0) this.change();
    this.put(0x59, 0xe2);
    this.put((start - this.at - 1) & 0xff);
  }

  private copy(): void {
    const { random } = this;
    this.put(
      0xbf,
      ...this.word(this.data()),
      0xbe,
      ...this.word(this.data()),
      0xb9,
      ...this.word(random.below(8)),
      0xfc,
      0xf3,
    );
    this.put(this.pick([0xa4, 0xa5, 0xaa, 0xab, 0xa6, 0xae, 0xac]));
  }

  /** Goes on at the other address of the page. */
  private toAlias(): void {
    this.put(0x68);
    const next = this.here + 4 + 1;
    this.put(...this.word(next - Arena.base + (this.random.below(2) === 0 ? Arena.alias : Arena.base)), 0xc3);
  }
}
