import { lcd_create, lcd_destroy, lcd_thread_start } from "../src";
import { SeededRandom } from "../src/host/random";
import { Arena, makeArena } from "./arena";
import { type Campaign, runCases, type Totals } from "./cases";
import { GuardedHost } from "./host";
import { addressIn, randomWord, u32 } from "./words";

const PAGE = 4096;
const CALLS = 120;

const pick = <T>(random: SeededRandom, choices: readonly T[]): T => choices[random.below(choices.length)];

/** Guest-physical places that matter: the domain's tables, boot pages, stack, module, arena, heap, and none. */
const places = [
  0n,
  0x10_0000n,
  0x10_9000n,
  0x20_0000n,
  0x4f_f000n,
  0x50_0000n,
  0x50_4000n,
  0x50_8000n,
  0x51_0000n,
  0x51_2000n,
  BigInt(Arena.gpa),
  BigInt(Arena.gpa + 0x4000),
  BigInt(Arena.gpa + 0x1_0000),
  BigInt(Arena.gpa + 0x10_0000),
  0x800_0000n,
  0x4000_0000n,
  0xffff_ffff_f000n,
  0xffff_ffff_0000n,
  0x1_0000_0000_0000n,
  (1n << 64n) - 4096n,
  0x123n,
  1n << 63n,
];

const pointers = [
  0n,
  0x50_0ff0n,
  0xffff_ffff_a000_0000n,
  0xffff_8880_0000_0000n,
  0x7fff_ffff_fff0n,
  0x8000_0000_0000n,
  (1n << 64n) - 1n,
  (1n << 64n) - 16n,
  0xffff_7fff_ffff_fff0n,
  0xffff_8000_0000_0000n,
];

/** The arguments of one evil call, r8 to r12, behind its number. */
function evilCall(random: SeededRandom): readonly [number: bigint, ...args: bigint[]] {
  const slot = (): bigint =>
    pick(random, [0n, 1n, 2n, 3n, 7n, 8n, 9n, 64n, 512n, 4096n, 1n << 63n, BigInt(u32(random)), (1n << 64n) - 1n]);
  switch (random.below(8)) {
    case 0:
    case 1: {
      const pointer = random.below(2) === 0 ? BigInt(addressIn(random)) : pick(random, pointers);
      return [17n, pointer, pick(random, [0n, 1n, 16n, 4096n, 5000n, 65_536n, 1n << 32n, 1n << 63n, (1n << 64n) - 1n])];
    }
    case 2:
      return [7n, slot(), pick(random, [0n, 0n, 1n, 2n, 3n, 5n, 10n, 11n, 31n, 32n, 63n, 1n << 32n, (1n << 64n) - 1n])];
    case 3:
    case 4:
      return [8n, slot(), pick(random, places)];
    case 5:
      return [9n, slot()];
    case 6:
      return [pick(random, [1n, 16n, 16n]), randomWord(random)];
    default: {
      const numbers = [
        2n,
        3n,
        4n,
        5n,
        6n,
        10n,
        11n,
        12n,
        13n,
        14n,
        15n,
        18n,
        1n << 32n,
        (1n << 53n) + 1n,
        (1n << 64n) - 1n,
      ];
      return [pick(random, numbers), randomWord(random), randomWord(random)];
    }
  }
}

/** Machine code that makes the calls, one after another, and exits. */
function program(calls: readonly (readonly bigint[])[]): Uint8Array {
  const bytes: number[] = [];
  const word = (value: bigint): void => {
    for (let shift = 0n; shift < 64n; shift += 8n) bytes.push(Number((value >> shift) & 0xffn));
  };
  for (const [number, ...args] of [...calls, [0n, 42n]]) {
    bytes.push(0x48, 0xb8);
    word(number);
    args.forEach((value, index) => {
      bytes.push(0x49, 0xb8 + index);
      word(BigInt.asUintN(64, value));
    });
    bytes.push(0x0f, 0x01, 0xc1);
  }
  const image = new Uint8Array(Arena.pages * PAGE);
  image.set(bytes.slice(0, image.length));
  return image;
}

/** Domains that ask for what they must not get. */
export async function syscallCampaign(campaign: Campaign): Promise<Totals> {
  const { modules, runtime } = campaign;
  const host = new GuardedHost(modules, runtime);
  return runCases("syscall", campaign, async (at) => {
    const random = new SeededRandom(at);
    const { result, instructions } = await host.leavingNothing(async () => {
      const lcd = await lcd_create(host.kernel, "spin");
      const calls = Array.from({ length: CALLS }, () => evilCall(random));
      makeArena(lcd, program(calls), true, Arena.base, random);
      lcd_thread_start(lcd.init_thread, { fuel: 10_000 });
      const ended = await lcd.init_thread.wait();
      lcd_destroy(lcd);
      return { result: ended, instructions: lcd.init_thread.instructions };
    });
    if (result.kind !== "exited" || result.value !== 42n) throw new Error(`ended: ${result.kind}`);
    return { instructions, kinds: [result.kind] };
  });
}
