import { KernelError } from "lcd-arch-x86";
import { type HostKernel, lcd_create, lcd_destroy, lcd_thread_start } from "../src";
import { SeededRandom } from "../src/host/random";
import type { ModuleSet } from "../src/testing";
import { type Campaign, runCases, type Totals } from "./cases";
import { accountingText, GuardedHost } from "./host";
import { u32 } from "./words";

const FUEL = 20_000;
const SECTION_HEADER = 64;

/** Section headers of an ELF64 file: where the table is, and how many it has (System V ABI, "ELF Header"). */
function sectionTable(image: Uint8Array): { view: DataView; start: number; count: number } {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return { view, start: Number(view.getBigUint64(40, true)), count: view.getUint16(60, true) };
}

const extremes = [0n, 1n, 0x7fn, 0xfffn, 0x1000n, 0x7fff_ffffn, 0xffff_ffffn, 1n << 40n, 1n << 63n, (1n << 64n) - 1n];

/** Ways to spoil a module. */
const mutations: readonly ((image: Uint8Array, random: SeededRandom) => Uint8Array)[] = [
  function flipBits(image, random) {
    for (let i = 1 + random.below(8); i > 0; i--) image[random.below(image.length)] ^= 1 << random.below(8);
    return image;
  },
  function flipBitsOfHeaders(image, random) {
    const { start } = sectionTable(image);
    for (let i = 1 + random.below(3); i > 0; i--) {
      const at = random.below(4) === 0 ? random.below(64) : start + random.below(Math.max(1, image.length - start));
      if (at < image.length) image[at] ^= 1 << random.below(8);
    }
    return image;
  },
  function truncate(image, random) {
    return image.slice(0, random.below(image.length));
  },
  function swapSections(image, random) {
    const { start, count } = sectionTable(image);
    const [a, b] = [random.below(count), random.below(count)].map((index) => start + index * SECTION_HEADER);
    const first = image.slice(a, a + SECTION_HEADER);
    image.copyWithin(a, b, b + SECTION_HEADER);
    image.set(first.subarray(0, image.length - b), b);
    return image;
  },
  function extremeField(image, random) {
    const { view, start, count } = sectionTable(image);
    // sh_flags, sh_addr, sh_offset, sh_size, sh_link and sh_info, sh_addralign, sh_entsize
    const field = [8, 16, 24, 32, 40, 48, 56][random.below(7)];
    view.setBigUint64(
      start + random.below(count) * SECTION_HEADER + field,
      extremes[random.below(extremes.length)],
      true,
    );
    return image;
  },
  function overlapSections(image, random) {
    const { view, start, count } = sectionTable(image);
    const [a, b] = [random.below(count), random.below(count)].map((index) => start + index * SECTION_HEADER);
    view.setBigUint64(a + 24, view.getBigUint64(b + 24, true), true);
    if (random.below(2) === 0) view.setBigUint64(a + 32, view.getBigUint64(b + 32, true), true);
    return image;
  },
  function spoilRelocations(image, random) {
    return spoilSections(image, random, 4, 24);
  },
  function spoilSymbols(image, random) {
    return spoilSections(image, random, 2, 24);
  },
  function spoilWords(image, random) {
    const view = new DataView(image.buffer);
    for (let i = 1 + random.below(4); i > 0; i--) {
      view.setBigUint64(random.below(image.length - 8) & ~7, extremes[random.below(extremes.length)], true);
    }
    return image;
  },
];

/** Changes words of entries in the sections of a type. */
function spoilSections(image: Uint8Array, random: SeededRandom, type: number, entry: number): Uint8Array {
  const { view, start, count } = sectionTable(image);
  for (let index = 0; index < count; index++) {
    const header = start + index * SECTION_HEADER;
    if (view.getUint32(header + 4, true) !== type || random.below(3) === 0) continue;
    const offset = Number(view.getBigUint64(header + 24, true));
    const entries = Math.floor(Number(view.getBigUint64(header + 32, true)) / entry);
    if (entries === 0 || offset + entries * entry > image.length) continue;
    const at = offset + random.below(entries) * entry + random.below(3) * 8;
    const value = random.below(2) === 0 ? extremes[random.below(extremes.length)] : BigInt(u32(random));
    view.setBigUint64(at, value, true);
  }
  return image;
}

/** The modules of another set, one of them spoilt. */
class SpoiltModules implements ModuleSet {
  victim = "";
  spoilt: Uint8Array = new Uint8Array(0);

  constructor(private readonly others: ModuleSet) {}

  image(name: string): Uint8Array | undefined {
    return name === this.victim ? this.spoilt : this.others.image(name);
  }

  needs(name: string): readonly string[] {
    return this.others.needs(name);
  }
}

const victims = ["hello", "params", "memory", "asker", "answer", "smash_protected"];

/** Loads and runs spoilt modules, and every prefix of one in steps. */
export async function moduleCampaign(campaign: Campaign): Promise<Totals> {
  const { modules, runtime } = campaign;
  const set = new SpoiltModules(modules);
  const host = new GuardedHost(set, runtime);
  return runCases("module", campaign, async (at) => {
    const random = new SeededRandom(at);
    const mutate = mutations[random.below(mutations.length)];
    set.victim = victims[random.below(victims.length)];
    set.spoilt = mutate(modules.image(set.victim)?.slice() ?? new Uint8Array(1), random);
    if (random.below(4) === 0 && set.spoilt.length > 0) set.spoilt = mutations[0](set.spoilt, random);
    const parameters = [[], [], [], ["count=3"], ["name=a", "count=99999999999999999999"], ["=", "==", 'a b="c']][
      random.below(6)
    ];
    const { kind, instructions } = await runModule(host.kernel, set.victim, parameters);
    host.checkGuards();
    return { instructions, kinds: [kind] };
  });
}

/** Loads every prefix of a module whose length is a multiple of `step`. */
export async function prefixCampaign(modules: ModuleSet, runtime: Uint8Array, step: number): Promise<Totals> {
  const set = new SpoiltModules(modules);
  const host = new GuardedHost(set, runtime);
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  const whole = modules.image("hello") ?? new Uint8Array(0);
  set.victim = "hello";
  let runs = 0;
  for (let length = 0; length < whole.length && failures.length < 10; length += step) {
    set.spoilt = whole.slice(0, length);
    try {
      const { kind } = await runModule(host.kernel, "hello", []);
      if (kind !== "ENOEXEC") throw new Error(`${kind}, not ENOEXEC`);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      runs++;
    } catch (error) {
      failures.push(`hello.ko cut to ${length} bytes: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  host.checkGuards();
  return { runs, instructions: 0, kinds, failures };
}

async function runModule(
  kernel: HostKernel,
  name: string,
  parameters: readonly string[],
): Promise<{ kind: string; instructions: number }> {
  const before = accountingText(kernel);
  let kind = "";
  let instructions = 0;
  try {
    const lcd = await lcd_create(kernel, name, { parameters });
    try {
      lcd_thread_start(lcd.init_thread, { fuel: FUEL });
      kind = (await lcd.init_thread.wait()).kind;
      instructions = lcd.init_thread.instructions;
    } finally {
      lcd_destroy(lcd);
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    kind = error.code;
  }
  const after = accountingText(kernel);
  if (after !== before) throw new Error(`${kind} left behind: ${after}, before: ${before}`);
  return { kind, instructions };
}
