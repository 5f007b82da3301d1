import { spawn, spawnSync } from "node:child_process";
import type { Boot, Program } from "./programs";

const QEMU = "qemu-system-x86_64";
/** Milliseconds of real time for a program. */
const LIMIT = 120_000;

/** Whether QEMU is installed. */
export const hasQemu = (): boolean => spawnSync(QEMU, ["--version"], { stdio: "ignore" }).status === 0;

/** What a program prints on its serial port on QEMU, which is stopped behind its last line: a kernel that halts does not. */
export function runOnQemu({ memory, append, lastLine }: Program, kernel: string, boot: Boot): Promise<string> {
  const files = boot.modules.map(({ file, text }) => `${file} ${text}`.trim());
  const args = [
    ...["-accel", "tcg", "-m", `${memory}M`, "-smp", `${boot.cpus}`, "-kernel", kernel, "-append", append],
    ...(files.length === 0 ? [] : ["-initrd", files.join(",")]),
    ...["-serial", "stdio", "-display", "none", "-no-reboot"],
  ];
  const qemu = spawn(QEMU, args, { stdio: ["ignore", "pipe", "inherit"], timeout: LIMIT, killSignal: "SIGKILL" });
  let printed = "";
  qemu.stdout.setEncoding("latin1").on("data", (text: string) => {
    printed += text;
    if (lastLine.test(printed)) qemu.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    qemu.on("error", reject);
    qemu.on("close", () => resolve(printed));
  });
}
