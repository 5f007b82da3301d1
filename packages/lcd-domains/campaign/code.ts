import type { SeededRandom } from "../src/host/random";
import { Arena } from "./arena";
import { addressIn, randomWord, u32 } from "./words";

const PAGE = 4096;

/** Writes machine code that is up to no good, at random. */
export class HostileCode {
  private bytes: number[] = [];
  /** Where the sequences written so far begin. */
  readonly starts: number[] = [];

  /** @param open the page tables can be reached */
  constructor(
    private readonly random: SeededRandom,
    private readonly open: boolean,
  ) {}

  /** Contents for the arena's pages. */
  pages(): Uint8Array {
    const { random } = this;
    const all = new Uint8Array(Arena.pages * PAGE);
    if (random.below(6) === 0) {
      for (let i = 0; i < all.length; i++) all[i] = random.below(256);
      return all;
    }
    for (let at = 0; at < all.length; ) {
      this.bytes = [];
      this.starts.push(Arena.base + at);
      this.one(Arena.base + at);
      all.set(this.bytes.slice(0, all.length - at), at);
      at += this.bytes.length;
    }
    return all;
  }

  private put(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }

  private put32(value: number): void {
    this.put(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)];
  }

  /** One instruction, or a few that belong together, at an address. */
  private one(address: number): void {
    const { random } = this;
    const choice = random.below(100);
    if (choice < 34) this.arithmetic();
    else if (choice < 46) this.store();
    else if (choice < 60) this.jump(address);
    else if (choice < 68) this.strings();
    else if (choice < 74) this.stack();
    else if (choice < 80) this.pairs();
    else if (choice < 84) this.loadRegister();
    else if (choice < 90) this.open ? this.paging() : this.arithmetic();
    else if (choice < 93) this.syscall();
    else if (choice < 96) this.flags();
    else if (choice < 97) random.below(5) === 0 ? this.system() : this.store();
    else if (choice < 98 && random.below(5) === 0)
      for (let i = random.below(4); i >= 0; i--) this.put(random.below(256));
    else this.put(0x90);
  }

  /** An address to read or write: often that of code which has just run or is about to, here or at its other address. */
  private data(): number {
    const { random, starts } = this;
    if (random.below(3) !== 0) return addressIn(random);
    const near = starts[Math.max(0, starts.length - 1 - random.below(20))] + random.below(120);
    return random.below(2) === 0 ? near - Arena.base + Arena.alias : near;
  }

  /** ModRM for a memory operand in the arena, or through a register, or a register operand. */
  private operand(reg: number, memory = 60): void {
    const { random } = this;
    if (random.below(100) >= memory) {
      this.put(0xc0 | (reg << 3) | random.below(8));
      return;
    }
    switch (random.below(12)) {
      case 0: {
        const base = this.pick([0, 1, 2, 3, 5, 6, 7]);
        this.put(0x40 | (reg << 3) | base, random.below(256));
        break;
      }
      case 1:
        this.put(0x04 | (reg << 3), this.pick([0x24, 0x0e, 0x1f]));
        break;
      default:
        this.put(0x04 | (reg << 3), 0x25);
        this.put32(this.data());
    }
  }

  private rex(): void {
    const prefix = this.random.below(10);
    if (prefix < 3) this.put(0x48);
    else if (prefix < 4) this.put(0x66);
    else if (prefix < 5) this.put(0x44 | this.random.below(4));
    else if (prefix === 5 && this.random.below(4) === 0) this.put(0x67);
  }

  private arithmetic(): void {
    const { random } = this;
    this.rex();
    const reg = random.below(8);
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        this.put((random.below(8) << 3) | random.below(4));
        this.operand(reg);
        break;
      case 3:
        this.put(this.pick([0x80, 0x83]));
        this.operand(reg);
        this.put(random.below(256));
        break;
      case 4:
        this.put(this.pick([0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3]));
        this.operand(reg);
        if (this.bytes.some((byte) => byte === 0xc0 || byte === 0xc1)) this.put(random.below(256));
        break;
      case 5:
        this.put(this.pick([0xf6, 0xf7]));
        this.operand(this.pick([2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7]));
        break;
      case 6:
        this.put(this.pick([0x88, 0x89, 0x8a, 0x8b, 0x8d, 0x63, 0x86, 0x87, 0x84, 0x85, 0xfe, 0xff]));
        this.operand(this.bytes[this.bytes.length - 1] >= 0xfe ? random.below(2) : reg);
        break;
      default:
        this.put(
          0x0f,
          this.pick([0x40, 0x44, 0x4c, 0x90, 0x95, 0xa3, 0xab, 0xaf, 0xb0, 0xb1, 0xb6, 0xbe, 0xbc, 0xbd, 0xc0, 0xc1]),
        );
        this.operand(reg);
    }
  }

  /** A store that is likely to change code: by the address here or by the other, perhaps over a page's end. */
  private store(): void {
    const { random } = this;
    const wide = random.below(3);
    if (wide === 0) {
      // mov dword [address], imm32
      this.put(0xc7, 0x04, 0x25);
      this.put32(this.data());
      this.put32(this.pick([0x90909090, 0xc3c3c3c3, u32(random), 0xfeeb9090, 0x0000e9c3]));
    } else if (wide === 1) {
      this.put(0xc6, 0x04, 0x25);
      this.put32(this.data());
      this.put(this.pick([0x90, 0xc3, 0x48, random.below(256)]));
    } else {
      this.put(0x48, 0x89, 0x04 | (random.below(8) << 3), 0x25);
      this.put32(this.data());
    }
  }

  /** Mostly where a sequence begins, here or at the other address of the page. */
  private target(): number {
    const { random, starts } = this;
    if (random.below(12) === 0) return addressIn(random);
    const start = starts[Math.max(0, starts.length - 1 - random.below(random.below(2) === 0 ? 12 : 2000))];
    return random.below(4) === 0 ? start - Arena.base + Arena.alias : start;
  }

  private jump(address: number): void {
    const { random } = this;
    const target = this.target();
    switch (random.below(8)) {
      case 0:
        this.put(0xe9);
        this.put32(target - address - 5);
        break;
      case 1:
        this.put(0xe8);
        this.put32(target - address - 5);
        break;
      case 2:
      case 3:
        this.put(0x0f, 0x80 | random.below(16));
        this.put32(target - address - 6);
        break;
      case 4:
        this.put(
          this.pick([0x70 | random.below(16), 0xeb, 0xe0, 0xe1, 0xe2, 0xe3]),
          random.below(8) === 0 ? random.below(256) : 0,
        );
        break;
      case 5:
        this.put(0xb8 | 7);
        this.put32(target);
        this.put(0xff, this.pick([0xe7, 0xd7]));
        break;
      case 6:
        this.put(0x68);
        this.put32(target);
        this.put(0xc3);
        break;
      default:
        this.put(0xb9);
        this.put32(random.below(20));
        // l: loop l, or back into what comes before
        this.put(0xe2, random.below(6) === 0 ? (-random.below(40) - 2) & 0xff : 0xfe);
    }
  }

  private strings(): void {
    const { random } = this;
    this.put(0xbf);
    this.put32(this.data());
    this.put(0xbe);
    this.put32(this.data());
    this.put(0xb9);
    this.put32(this.pick([0, 1, 3, 17, 64, 600, 5000]));
    if (random.below(4) === 0) this.put(0xfd);
    if (random.below(8) !== 0) this.put(this.pick([0xf3, 0xf3, 0xf2]));
    if (random.below(3) === 0) this.put(0x48);
    this.put(this.pick([0xa4, 0xa5, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6, 0xa7, 0xae, 0xaf]));
    if (random.below(2) === 0) this.put(0xfc);
  }

  private stack(): void {
    const { random } = this;
    switch (random.below(6)) {
      case 0:
        this.put(0x50 | random.below(16));
        break;
      case 1:
        this.put(0xff);
        this.operand(6);
        break;
      case 2:
        this.put(0x8f);
        this.operand(0);
        break;
      case 3:
        this.put(0xc8, random.below(64), 0, random.below(4));
        break;
      case 4:
        this.put(0xc9);
        break;
      default:
        // mov esp, address
        this.put(0xbc);
        this.put32(this.data());
    }
  }

  /** Instructions that read and write: also two words, also over the end of a page. */
  private pairs(): void {
    const { random } = this;
    if (random.below(2) === 0) this.put(0xf0);
    if (random.below(2) === 0) this.put(0x48);
    this.put(0x0f, 0xc7, 0x0c, 0x25);
    const address = this.data();
    this.put32(random.below(4) === 0 ? address : address & ~15);
  }

  private loadRegister(): void {
    const { random } = this;
    const word = randomWord(random);
    this.put(0x48, 0xb8 | random.below(8));
    for (let shift = 0n; shift < 64n; shift += 8n) this.put(Number((BigInt.asUintN(64, word) >> shift) & 0xffn));
  }

  /** Changes a page-table entry, and perhaps tells the processor. */
  private paging(): void {
    const { random } = this;
    const index = this.pick([
      random.below(Arena.pages),
      20 + random.below(40),
      128 + random.below(90),
      64 + random.below(Arena.pages),
      256 + random.below(16),
      random.below(512),
    ]);
    const gpa = this.pick([
      Arena.gpa + random.below(Arena.pages + 6) * PAGE,
      Arena.gpa + random.below(Arena.pages) * PAGE,
      Arena.gpa + random.below(Arena.pages) * PAGE,
      Arena.gpa + random.below(Arena.pages) * PAGE,
      this.pick([0x50_0000, 0x51_0000, 0x51_4000, 0x10_0000, u32(random) & ~0xfff]),
    ]);
    const flags = this.pick([0x3, 0x63, 0x23, 0x1, 0x7, 0x67, 0x63, 0x63, 0x3, 0x3, 0x3, random.below(256)]);
    const level = random.below(12) === 0 ? this.pick([1, 2, 3]) : 0;
    this.put(0xc7, 0x04, 0x25);
    this.put32(Arena.tables + level * PAGE + (level === 0 ? index : random.below(200)) * 8);
    this.put32(gpa | flags);
    if (random.below(16) === 0) {
      this.put(0xc7, 0x04, 0x25);
      this.put32(Arena.tables + index * 8 + 4);
      this.put32(this.pick([0, 0x8000_0000, 0x10, 0xffff, 0x0001_0000]));
    }
    switch (random.below(4)) {
      case 0:
        // mov rax, cr3; mov cr3, rax
        this.put(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8);
        break;
      case 1:
      case 2:
        this.put(0x0f, 0x01, 0x3c, 0x25);
        this.put32(Arena.base + index * PAGE);
        break;
      default:
    }
  }

  private syscall(): void {
    const { random } = this;
    const number = this.pick([1, 2, 6, 7, 7, 8, 8, 9, 9, 10, 16, 17, 17, 255]);
    this.put(0xb8);
    this.put32(random.below(60) === 0 ? 0 : number);
    this.put(0x41, 0xb8);
    this.put32(number === 17 ? addressIn(random) : random.below(12));
    this.put(0x41, 0xb9);
    const wild = this.pick([
      u32(random),
      random.below(12),
      0x1000_0000,
      0x2000_0000,
      0x2000_4000,
      0x51_0000,
      0x7fff_f000,
    ]);
    this.put32(number === 17 ? random.below(5000) : number === 8 ? wild & ~0xfff : wild & 15);
    this.put(0x0f, 0x01, 0xc1);
  }

  private flags(): void {
    const { random } = this;
    if (random.below(4) === 0) {
      this.put(this.pick([0xfa, 0xfb, 0xfc, 0xfd, 0xf8, 0xf9, 0xf5, 0x9c, 0x9e, 0x9f]));
      return;
    }
    this.put(0x68);
    this.put32(this.pick([0x2, 0x202, 0x302, 0x4_0002, 0x4002, 0x3002, 0x0400, 0x20_0002, u32(random)]));
    if (random.below(8) === 0) this.put(0x66);
    this.put(0x9d);
  }

  /** What a domain may not do, mostly. */
  private system(): void {
    const { random } = this;
    const reg = 0xc0 | random.below(64);
    const choices: readonly (readonly number[])[] = [
      [0xf4],
      [0xec],
      [0xee],
      [0xe4, 0x60],
      [0xe6, 0x80],
      [0x6c],
      [0x6e],
      [0xf3, 0x6d],
      [0xcd, random.below(256)],
      [0xcc],
      [0xf1],
      [0xce],
      [0x48, 0xcf],
      [0xcf],
      [0x0f, 0x05],
      [0x0f, 0x07],
      [0x0f, 0x34],
      [0x0f, 0x35],
      [0xff, 0x2c, 0x24],
      [0xca, 8, 0],
      [0x0f, 0x01, 0xf8],
      [0x0f, 0xa2],
      [0x0f, 0x32],
      [0x0f, 0x30],
      [0x0f, 0x0b],
      [0x0f, 0x09],
      [0x0f, 0x08],
      [0x0f, 0x06],
      [0x0f, 0x01, 0xc8],
      [0x0f, 0x01, 0xc9],
      [0x0f, 0x01, 0xd0],
      [0x0f, 0x01, 0xd1],
      [0x0f, 0x01, 0xc2],
      [0x0f, 0x01, 0xc3],
      [0x0f, 0x01, 0xc4],
      [0x0f, 0x01, 0xd4],
      [0x0f, 0x01, 0xf0],
      [0x0f, 0x01, 0x14, 0x24],
      [0x0f, 0x01, 0x1c, 0x24],
      [0x0f, 0x01, 0x04, 0x24],
      [0x0f, 0x00, reg],
      [0x0f, 0x20, reg],
      [0x0f, 0x22, reg],
      [0x0f, 0x21, reg],
      [0x0f, 0x23, reg],
      [0x44, 0x0f, 0x20, 0xc0],
      [0x44, 0x0f, 0x22, 0xc0],
      [0x0f, 0x22, 0xd0 | random.below(8)],
      [0x0f, 0x20, 0xd0 | random.below(8)],
      [0x0f, 0x22, 0xd8 | random.below(8)],
      [0x8e, reg],
      [0x8c, reg],
      [0x66, 0x0f, 0xc7, 0x34, 0x24],
      [0xf3, 0x0f, 0xc7, 0x34, 0x24],
      [0x0f, 0xc7, 0x34, 0x24],
      [0x0f, 0xc7, 0x3c, 0x24],
      [0x0f, 0x78, reg],
      [0x0f, 0x79, reg],
      [0x66, 0x0f, 0x38, 0x80, 0x04, 0x24],
      [0x66, 0x0f, 0x38, 0x81, 0x04, 0x24],
      [0x66, 0x0f, 0x38, 0x82, 0x04, 0x24],
      [0x0f, 0xae, reg],
      [0xf3, 0x0f, 0xae, reg],
      [0xd9, 0xc0],
      [0x9b],
      [0x0f, 0x10, reg],
      [0xc5, 0xf8, 0x77],
      [0x62, 0xf1],
      [0x0f, 0xff],
      [0xc4, 0xe2],
      [0x0f, 0x31],
    ];
    this.put(...this.pick(choices));
  }
}
