import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Machine } from "lcd-arch-x86/machine";
import { boot, formatFault, lcd_create, lcd_destroy, lcd_thread_start } from "lcd-domains";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "lcd-domains/uapi";

const { resolve } = createRequire(import.meta.url);
const prebuilt = (name: string) => new Uint8Array(readFileSync(resolve(`liblcd/prebuilt/${name}.ko`)));

// A machine, and a host kernel that has it for itself.
const machine = new Machine({ memory: 64 * 1024 * 1024, cpus: 2 });
const host = boot({ machine, runtime: prebuilt("lcd-runtime") });

// The host finds modules as Linux does: it runs a program. This one stands for lcd-modprobe of module-init-tools.
host.registerUsermodeHelper("/sbin/lcd-modprobe", async (argv, { openDevice }) => {
  const name = argv[argv.length - 1];
  const image = prebuilt(name);
  const error = await openDevice(LCD_DEVICE).ioctl(LCD_LOAD_MODULE, { image, size: image.length, options: "", name });
  return error === 0 ? 0 : 1;
});

// The example of seed 000.
const console = (bytes: Uint8Array) => process.stdout.write(bytes);
const lcd = await lcd_create(host, "hello.ko", { console });
lcd_thread_start(lcd.init_thread, { fuel: 1_000_000 });
const result = await lcd.init_thread.wait();
if (result.kind === "faulted") process.stderr.write(formatFault(result.report));
lcd_destroy(lcd);
host.shutdown();
