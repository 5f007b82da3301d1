import type { SeededRandom } from "../src/host/random";
import { Arena } from "./arena";

const PAGE = 4096;

/** A 32-bit number. */
export function u32(random: SeededRandom): number {
  return random.below(0x1_0000_0000) >>> 0;
}

/** An address that is likely to matter: in the arena, near a page boundary, in its tables, or where nothing is. */
export function addressIn(random: SeededRandom): number {
  const page = random.below(Arena.pages) * PAGE;
  switch (random.below(10)) {
    case 0:
      return Arena.base + page + PAGE - 8 + random.below(16);
    case 1:
      return Arena.alias + page + random.below(PAGE);
    case 2:
      return Arena.alias + page + PAGE - random.below(16);
    case 3:
      return random.below(30) === 0 ? Arena.tables + random.below(4 * PAGE) : Arena.alias + page;
    case 4:
      return random.below(60) === 0 ? Arena.unmapped + random.below(PAGE) : Arena.base + page;
    default:
      return Arena.base + page + random.below(PAGE);
  }
}

const oddWords = [
  0n,
  1n,
  -1n,
  8n,
  0x7fff_ffff_ffffn,
  0x8000_0000_0000n,
  0xffff_8000_0000_0000n,
  -8n,
  1n << 63n,
  0xffff_ffffn,
  0x202n,
  0x4_0302n,
  0x8005_0033n,
  0x2020n,
  0xffff_ffff_a000_0000n,
  0x50_0000n,
  0x10_0000n,
  0x51_0000n,
  0x4000_0000n,
];

/** A register value: an address, a small number, an odd one, or any. */
export function randomWord(random: SeededRandom): bigint {
  switch (random.below(8)) {
    case 0:
      return BigInt(random.below(64));
    case 1:
      return oddWords[random.below(oddWords.length)];
    case 2:
      return (BigInt(u32(random)) << 32n) | BigInt(u32(random));
    default:
      return BigInt(addressIn(random));
  }
}
