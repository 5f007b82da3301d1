import {
  type HostKernel,
  lcd_config,
  lcd_create,
  lcd_destroy,
  lcd_run,
  lcd_suspend,
  lcd_thread_kill,
  lcd_thread_start,
} from "../src";
import { SeededRandom } from "../src/host/random";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "../src/uapi";
import { prebuilt } from "./prebuilt";

/** How domains end: the name of a module, and what is expected of it when it runs with little fuel. */
const runs: readonly (readonly [module: string, parameters: readonly string[], end: string])[] = [
  ["hello", [], "exited"],
  ["params", ["count=3", "name=Ada"], "exited"],
  ["memory", [], "exited"],
  ["asker", [], "exited"],
  ["syscalls", [], "exited"],
  ["init-fails", [], "exited"],
  ["exits", ["result=3"], "exited"],
  ["smash-protected", [], "exited"],
  ["divide", [], "faulted"],
  ["wild-write", [], "faulted"],
  ["null-pointer", ["how=write"], "faulted"],
  ["null-pointer", ["how=call"], "faulted"],
  ["smash-stack", [], "faulted"],
  ["lose-page-tables", [], "faulted"],
  ["wild-page-tables", [], "faulted"],
  ["undefined-instruction", [], "faulted"],
  ["halt", [], "faulted"],
  ["write-text", [], "faulted"],
  ["write-rodata", [], "faulted"],
  ["spin", [], "killed"],
];

const FUEL = 200_000;

/** Something that is done with a domain; says what happened. */
type Scenario = (host: HostKernel, random: SeededRandom) => Promise<string>;

const scenarios: readonly Scenario[] = [
  ...runs.map(
    ([module, parameters, end]): Scenario =>
      async (host) => {
        const lcd = await lcd_create(host, module, { parameters });
        lcd_thread_start(lcd.init_thread, { fuel: FUEL });
        const result = await lcd.init_thread.wait();
        lcd_destroy(lcd);
        if (result.kind !== end) throw new Error(`${module} was expected to be ${end}, and was ${result.kind}`);
        return `${module} ${end}`;
      },
  ),
  async (host) => {
    lcd_destroy(await lcd_create(host, "hello"));
    return "destroyed as an embryo";
  },
  async (host) => {
    const lcd = await lcd_create(host, "hello");
    lcd_config(lcd);
    lcd_destroy(lcd);
    return "destroyed when configured";
  },
  async (host, random) => {
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread);
    for (let i = random.below(4); i > 0; i--) await Promise.resolve();
    lcd_destroy(lcd);
    return "destroyed while it ran";
  },
  async (host, random) => {
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread);
    for (let i = random.below(4); i > 0; i--) await Promise.resolve();
    lcd_suspend(lcd);
    if (random.below(2) === 0) lcd_run(lcd);
    lcd_thread_kill(lcd.init_thread, "timeout");
    lcd_destroy(lcd);
    return "killed while suspended, or after";
  },
  async (host) => {
    const [first, second] = [await lcd_create(host, "memory"), await lcd_create(host, "memory")];
    lcd_thread_start(first.init_thread);
    lcd_thread_start(second.init_thread);
    lcd_destroy(first);
    await second.init_thread.wait();
    lcd_destroy(second);
    return "two of one module";
  },
  async (host) => refused(host, "no-such-module", [], "ENOENT"),
  async (host) => refused(host, "unknown-symbol", [], "ENOENT"),
  async (host) => refused(host, "params", ["count=many"], "EINVAL"),
  async (host) => {
    const lcd = await lcd_create(host, "no-init");
    await refusal(async () => lcd_thread_start(lcd.init_thread), "EINVAL");
    lcd_destroy(lcd);
    return "no init";
  },
  async (host, random) => {
    const whole = prebuilt("hello");
    const image = whole.slice(0, random.below(whole.length));
    const request = { image, size: image.length, options: "", name: "hello" };
    const result = await host.devices.open(LCD_DEVICE).ioctl(LCD_LOAD_MODULE, request);
    if (result === 0) throw new Error(`hello.ko, cut to ${image.length} bytes, was loaded`);
    return "truncated module";
  },
  async (host, random) => {
    const owner = host.pages.owner("hog");
    const hogged: ReturnType<typeof host.pages.alloc>[] = [];
    const leave = random.below(60);
    while (host.pages.freePages > leave) hogged.push(host.pages.alloc(owner));
    const code = await lcd_create(host, "memory").then(
      (lcd) => {
        lcd_destroy(lcd);
        return "enough memory";
      },
      (error: { code?: string }) => error.code,
    );
    for (const hpa of hogged) host.pages.release(owner, hpa);
    if (code !== "ENOMEM" && code !== "enough memory") throw new Error(`out of memory gave ${code}`);
    return `out of memory: ${code}`;
  },
];

/**
 * Creates and destroys domains in every way that they can end, chosen by a seed.
 *
 * @param count how many times
 * @returns how often what happened
 */
export async function churn(host: HostKernel, count: number, seed: number): Promise<Map<string, number>> {
  const random = new SeededRandom(seed);
  const seen = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const scenario = scenarios[i < scenarios.length ? i : random.below(scenarios.length)];
    const what = await scenario(host, random);
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
  return seen;
}

async function refused(host: HostKernel, module: string, parameters: readonly string[], code: string): Promise<string> {
  await refusal(() => lcd_create(host, module, { parameters }), code);
  return `${module} refused`;
}

async function refusal(act: () => Promise<unknown>, code: string): Promise<void> {
  const got = await act().then(
    () => "nothing",
    (error: { code?: string }) => error.code,
  );
  if (got !== code) throw new Error(`expected ${code}, got ${got}`);
}
