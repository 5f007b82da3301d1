import { lcd_create, lcd_destroy, lcd_thread_start } from "../src";
import { SeededRandom } from "../src/host/random";
import { Arena, makeArena } from "./arena";
import { type Campaign, runCases, type Totals } from "./cases";
import { HostileCode } from "./code";
import { guestCase } from "./guests";
import { GuardedHost } from "./host";

const PAGE = 4096;
const ROUNDS = 4000;

/**
 * Machine code that computes: a hash over a page of memory that it changes on the way. It exits with the hash.
 *
 *     mov ecx, ROUNDS; mov r8d, 1
 *     l: imul r8, r8, 0x5bd1e995; mov edx, ecx; and edx, 511; add r8, [DATA + rdx*8]; mov [DATA + rdx*8], r8
 *     dec ecx; jnz l; xor eax, eax; vmcall
 */
function computing(): Uint8Array {
  const data = Arena.base + 4 * PAGE;
  const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  const loop = [
    ...[0x4d, 0x69, 0xc0, ...word(0x5bd1e995)],
    ...[0x89, 0xca, 0x81, 0xe2, ...word(511)],
    ...[0x4c, 0x03, 0x04, 0xd5, ...word(data), 0x4c, 0x89, 0x04, 0xd5, ...word(data)],
    ...[0xff, 0xc9],
  ];
  const bytes = [
    0xb9,
    ...word(ROUNDS),
    0x41,
    0xb8,
    ...word(1),
    ...loop,
    0x75,
    -(loop.length + 2) & 0xff,
    0x31,
    0xc0,
    0x0f,
    0x01,
    0xc1,
  ];
  const image = new Uint8Array(Arena.pages * PAGE);
  image.set(bytes);
  return image;
}

/** What it computes. */
function computed(): bigint {
  const memory = new BigUint64Array(512);
  let hash = 1n;
  for (let count = ROUNDS; count > 0; count--) {
    hash = BigInt.asUintN(64, hash * 0x5bd1e995n + memory[count & 511]);
    memory[count & 511] = hash;
  }
  return hash;
}

/** A hostile domain beside one that computes, on the same addresses: on two processors in turn, or on one. */
export async function pairCampaign(campaign: Campaign): Promise<Totals> {
  const { modules, runtime } = campaign;
  const hosts = [1, 2].map(
    (cpus) => new GuardedHost(modules, runtime, { machine: { cpus, sampleInterval: 300 }, timeSlice: 97 }),
  );
  const expected = computed();
  return runCases("pair", campaign, async (at) => {
    const host = hosts[at % 2];
    const random = new SeededRandom(at);
    const { bad, result, instructions } = await host.leavingNothing(async () => {
      const hostile = await lcd_create(host.kernel, "spin");
      const writer = new HostileCode(random, true);
      const code = writer.pages();
      makeArena(hostile, code, true, writer.starts[random.below(writer.starts.length)] ?? Arena.base, random);
      lcd_thread_start(hostile.init_thread, { fuel: guestCase(at).fuel });
      const good = await lcd_create(host.kernel, "spin");
      makeArena(good, computing(), false, Arena.base, random);
      lcd_thread_start(good.init_thread);
      const threads = [hostile.init_thread, good.init_thread] as const;
      const [ended, value] = await Promise.all(threads.map((thread) => thread.wait()));
      lcd_destroy(hostile);
      lcd_destroy(good);
      return { bad: ended, result: value, instructions: threads[0].instructions + threads[1].instructions };
    });
    if (result.kind !== "exited" || result.value !== expected) throw new Error(`the other domain was ${result.kind}`);
    return { instructions, kinds: [bad.kind] };
  });
}
