import { lcd_create, lcd_destroy, lcd_thread_start } from "../src";
import { SeededRandom } from "../src/host/random";
import type { ModuleSet } from "../src/testing";
import { Arena, makeArena } from "./arena";
import type { Totals } from "./cases";
import { accountingText, GuardedHost } from "./host";
import { SteadyCode } from "./steady";

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

/** What the arena holds in a step. */
const images: Readonly<Record<string, (step: number) => { image: Uint8Array; start: number }>> = {
  ...Object.fromEntries(
    Object.entries(programs).map(([name, code]) => [
      name,
      (step: number) => {
        const image = new Uint8Array(Arena.pages * PAGE);
        image.set(code);
        // Another instruction to write, so that the next step finds nothing that it knows.
        if (name === "walksOn") image[9] = 0xc0 | (step & 3);
        return { image, start: Arena.base };
      },
    ]),
  ),
  everOther: (step) => {
    const code = new SteadyCode(new SeededRandom(step));
    return { image: code.pages(), start: code.starts[0] };
  },
};

/** Runs code that is new all the time, all of it as if it were hot, and looks at how much memory the process takes. */
export async function endlessCampaign(
  modules: ModuleSet,
  runtime: Uint8Array,
  steps: number,
  log: (line: string) => void = () => {},
): Promise<Totals> {
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  let [runs, instructions] = [0, 0];
  for (const [name, make] of Object.entries(images)) {
    const host = new GuardedHost(modules, runtime, { machine: { hotThreshold: 0 } });
    const { code } = host.kernel.machine;
    const before = accountingText(host.kernel);
    for (let step = 0; step < steps; step++) {
      const lcd = await lcd_create(host.kernel, "spin");
      const { image, start: first } = make(step);
      makeArena(lcd, image, false, first, new SeededRandom(1));
      const start = performance.now();
      lcd_thread_start(lcd.init_thread, { fuel: 20_000 });
      const result = await lcd.init_thread.wait();
      const seconds = (performance.now() - start) / 1000;
      if (result.kind !== "killed" && name !== "everOther") failures.push(`${name}: ${result.kind}`);
      kinds.set(result.kind, (kinds.get(result.kind) ?? 0) + 1);
      instructions += lcd.init_thread.instructions;
      runs++;
      lcd_destroy(lcd);
      const memory = Math.round(process.memoryUsage().rss / 1048576);
      log(
        `${name}: ${seconds.toFixed(2)} s, ${memory} MiB, ${code.made} translations made, ${code.size} places marked`,
      );
    }
    if (accountingText(host.kernel) !== before) failures.push(`${name}: left something behind`);
  }
  return { runs, instructions, kinds, failures };
}
