import { lcd_create, lcd_destroy, lcd_thread_start } from "../src";
import { SeededRandom } from "../src/host/random";
import type { ModuleSet } from "../src/testing";
import { Arena, makeArena } from "./arena";
import type { Totals } from "./guests";
import { accountingText, GuardedHost } from "./host";

const PAGE = 4096;
const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** Code that never runs as it did before; each for as long as its fuel lasts. */
const programs: Readonly<Record<string, readonly number[]>> = {
  /** l: inc dword [f + 1]; call f; jmp l; f: mov eax, 0; ret */
  rewritesItself: [
    ...[0xff, 0x04, 0x25, ...word(Arena.base + 15)],
    ...[0xe8, ...word(2), 0xeb, 0xf2],
    ...[0xb8, 0, 0, 0, 0, 0xc3],
  ],
  /** mov edi, base + 4096; l: mov dword [rdi], 0xc3c0ff48 (inc rax; ret); call rdi; inc edi, to the end of the next eight pages; jmp */
  walksOn: [
    ...[0xbf, ...word(Arena.base + PAGE)],
    ...[0xc7, 0x07, 0x48, 0xff, 0xc0, 0xc3, 0xff, 0xd7, 0xff, 0xc7],
    ...[0x81, 0xff, ...word(Arena.base + 9 * PAGE), 0x72, 0xee, 0xeb, 0xe7],
  ],
};

/** Runs code that is new all the time, and looks at how much memory the process takes after each step. */
export async function endlessCampaign(
  modules: ModuleSet,
  runtime: Uint8Array,
  steps: number,
  log: (line: string) => void = () => {},
): Promise<Totals> {
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  let [runs, instructions] = [0, 0];
  for (const [name, code] of Object.entries(programs)) {
    const host = new GuardedHost(modules, runtime);
    const before = accountingText(host.kernel);
    const sizes: number[] = [];
    for (let step = 0; step < steps; step++) {
      const lcd = await lcd_create(host.kernel, "spin");
      const image = new Uint8Array(Arena.pages * PAGE);
      image.set(code);
      makeArena(lcd, image, false, Arena.base, new SeededRandom(1));
      const start = performance.now();
      lcd_thread_start(lcd.init_thread, { fuel: 20_000 });
      const result = await lcd.init_thread.wait();
      const seconds = (performance.now() - start) / 1000;
      if (result.kind !== "killed")
        failures.push(
          `${name}: ${result.kind} ${JSON.stringify(result, (_, v) => (typeof v === "bigint" ? v.toString(16) : v)).slice(0, 300)}`,
        );
      instructions += lcd.init_thread.instructions;
      runs++;
      lcd_destroy(lcd);
      sizes.push(Math.round(process.memoryUsage().rss / 1048576));
      log(`${name}: ${seconds.toFixed(2)} s, ${sizes[step]} MiB, ${host.kernel.machine.code.made} translations made`);
    }
    if (accountingText(host.kernel) !== before) failures.push(`${name}: left something behind`);
  }
  return { runs, instructions, kinds, failures };
}
