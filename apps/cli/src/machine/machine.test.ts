import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prebuiltDirectory } from "liblcd";
import { afterAll, describe, expect, it } from "vitest";
import { runLcd } from "../testing/run-lcd";

const guest = (name: string) =>
  fileURLToPath(new URL(`../../../../packages/lcd-arch-x86/guests/prebuilt/${name}.elf`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lcd-machine-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A Multiboot kernel of 32 bytes of header, loaded to 1 MiB, and this code behind it. */
function kernel(name: string, ...code: number[]): string {
  const words = [0x1badb002, 0x10000, -(0x1badb002 + 0x10000), 0x100000, 0x100000, 0, 0, 0x100020];
  const file = join(folder, name);
  const header = new Uint8Array(Uint32Array.from(words.map((word) => word >>> 0)).buffer);
  writeFileSync(file, Uint8Array.of(...header, ...code));
  return file;
}

describe("lcd machine", () => {
  it("passes serial output, command line, modules and exit code through", async () => {
    const module = join(folder, "module.txt");
    writeFileSync(module, "what it is about");
    const words = ["machine", guest("hello"), "--append", "x=1", "--module", `${module} with arguments`, "-m", "16M"];
    const { code, stdout, stderr } = await runLcd(words);
    expect(stdout).toMatch(/^Hello from 32-bit protected mode!\n/);
    expect(stdout).toContain("16 MiB of RAM\n");
    expect(stdout).toContain('arguments: "x=1"\n');
    expect(stdout).toContain("module 0: 16 bytes, page-aligned 1: what it is about\n");
    // 0 was written to the debug exit device: 2 * 0 + 1.
    expect([code, stderr]).toEqual([1, ""]);
    expect((await runLcd(["machine", guest("exit"), "--append", "21"])).code).toBe(43);
  });

  it("tells everything as JSON", async () => {
    const { code, stdout } = await runLcd(["machine", guest("exit"), "--append", "3", "--json"]);
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "exit", exitCode: 7, console: "leaving with 3\n" });
  });

  it("shows what is on the screen when it is over for another reason than the program's", async () => {
    // mov dword [0xb8000], "H" and "i" with their colours; cli; hlt
    const file = kernel("screen", 0xc7, 0x05, 0x00, 0x80, 0x0b, 0x00, 0x48, 0x07, 0x69, 0x07, 0xfa, 0xf4);
    const { stderr } = await runLcd(["machine", file]);
    expect(stderr).toBe("screen: all processors are halted, and nothing will wake them\nits screen:\n  Hi\n");
    expect(JSON.parse((await runLcd(["machine", file, "--json"])).stdout)).toMatchObject({ screen: ["Hi"] });
  });

  it("writes serial output to a file", async () => {
    const { stdout } = await runLcd(["machine", guest("exit"), "--append", "1", "--serial", "out.txt"], {
      cwd: folder,
    });
    expect(stdout).toBe("");
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("leaving with 1\n");
  });

  it.skipIf(!existsSync("/dev/full"))("names the file that takes no more of the serial output", async () => {
    expect(await runLcd(["machine", guest("exit"), "--serial", "/dev/full"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "lcd: /dev/full: no space is left on the device\n",
    });
  });

  it("does not overwrite the serial port's file when there is no kernel", async () => {
    const log = join(folder, "kept.txt");
    writeFileSync(log, "kept");
    expect(await runLcd(["machine", join(folder, "nothing"), "--serial", log])).toMatchObject({ code: 1 });
    expect(await runLcd(["machine", log, "--serial", log])).toMatchObject({ code: 1 });
    expect(readFileSync(log, "utf8")).toBe("kept");
  });

  it("shows a shut down processor's state", async () => {
    const { code, stdout, stderr } = await runLcd(["machine", guest("triple-fault")]);
    expect([code, stdout]).toEqual([3, "an exception without a table\n"]);
    expect(stderr).toMatch(/^triple-fault\.elf: processor 0 has shut down.*\nrip 00000000001\w{5} /);
    expect(stderr).toMatch(/^idtr base 0{16} {2}limit 0000$/m);
  });

  it("stops at limits, and when nothing can happen any more", async () => {
    // jmp $
    const spin = kernel("spin", 0xeb, 0xfe);
    const fuel = await runLcd(["machine", spin, "--fuel", "1M", "--json"]);
    expect(JSON.parse(fuel.stdout)).toMatchObject({ outcome: "fuel", instructions: 1_000_000, exitCode: 3 });
    const timeout = await runLcd(["machine", spin, "--timeout", "0.2"]);
    expect(timeout).toMatchObject({ code: 3, stderr: "spin: 0.2 seconds have passed (--timeout)\n" });
    // hlt, with interrupts off
    const halted = await runLcd(["machine", kernel("halt", 0xf4)]);
    expect(halted).toMatchObject({ code: 3, stderr: "halt: all processors are halted, and nothing will wake them\n" });
    // mov al, 0xfe; out 0x64, al
    const reset = await runLcd(["machine", kernel("reset", 0xb0, 0xfe, 0xe6, 0x64, 0xf4)]);
    expect(reset).toMatchObject({ code: 3, stderr: "reset: it has reset the computer\n" });
  });

  it("says what is wrong with a file, or with the command line", async () => {
    const missing = await runLcd(["machine", "no-such-file"], { cwd: folder });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/no-such-file: no such file or directory/),
    ]);
    const text = join(folder, "text");
    writeFileSync(text, "not a kernel");
    const wrong = await runLcd(["machine", text, "--json"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^lcd: .*text: no Multiboot header/);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ outcome: "failed", error: "ENOEXEC" });
    const directory = await runLcd(["machine", ".", "--json"], { cwd: folder });
    expect([directory.code, directory.stderr]).toEqual([1, `lcd: ${folder}: it is a directory\n`]);
    const endless = await runLcd(["machine", "/dev/zero"]);
    expect([endless.code, endless.stderr]).toEqual([1, "lcd: /dev/zero: it is a device, not a file\n"]);
    expect(JSON.parse(directory.stdout)).toMatchObject({ error: "EISDIR" });
    const module = await runLcd(["machine", join(prebuiltDirectory, "hello.ko")]);
    expect(module.stderr).toMatch(/no Multiboot header.*; to run a kernel module: lcd run \S*hello\.ko\n$/);
    expect(await runLcd(["machine", text, "--cpus", "33"])).toMatchObject({ code: 2 });
    expect(await runLcd(["machine"])).toMatchObject({ code: 2 });
  });
});
