import { describe, expect, it } from "vitest";
import { exampleBytes, Folder } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

const folder = new Folder();
const disasm = (...words: string[]) => runLcd(["disasm", ...words], { cwd: folder.path });

describe("lcd disasm", () => {
  it("shows one function, with the bytes of the file and with names for what it refers to", async () => {
    const { code, stdout } = await disasm("hello", "init_module");
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("hello: section .init.text");
    expect(stdout).toContain("\nhello_init:\ninit_module:\n");
    expect(stdout).toMatch(/^ +4: {2}48 c7 c7 00 00 00 00 +mov rdi, \.rodata\S* {2}# "Hello from an isolated/m);
    expect(stdout).toMatch(/^ +d: {2}e8 00 00 00 00 +call lcd_printk$/m);
    expect(stdout.trimEnd()).toMatch(/c3 +ret$/);
  });

  it("shows all code of a file", async () => {
    folder.write("hello.ko", exampleBytes("hello"));
    const { stdout } = await disasm("hello.ko");
    expect(stdout).toContain("hello.ko: section .text\n");
    expect(stdout).toContain("hello.ko: section .init.text\n");
    expect(stdout).not.toContain("(bad)");
  });

  it("writes assembly as one likes it", async () => {
    expect((await disasm("hello", "init_module", "--syntax", "att")).stdout).toMatch(/sub \$8, %rsp/);
    expect((await disasm("hello", "init_module", "--syntax", "turkish")).code).toBe(2);
  });

  it("shows IR beside the instructions", async () => {
    const { stdout } = await disasm("hello", "memset", "--ir");
    expect(stdout).toMatch(/^region memset: a WebAssembly function of \d+ bytes$/m);
    expect(stdout).toMatch(/^ +[0-9a-f]+: {2}mov r8, rdi +\| r8 = rdi$/m);
    expect(stdout).toMatch(/\| {3}store8 \[/);
  });

  it("shows the WebAssembly of a region", async () => {
    const { stdout } = await disasm("hello", "memset", "--wasm");
    expect(stdout).toMatch(/^ +local\.get 0$/m);
    expect(stdout).toMatch(/^ +call \$writeAddress$/m);
    expect(stdout).not.toContain("(; 0x");
  });

  it("says what is wrong with its input", async () => {
    expect(await disasm("hello", "init_modul")).toMatchObject({
      code: 1,
      stderr: "lcd: hello has no code named init_modul; did you mean init_module?\n",
    });
    folder.write("text.ko", "some text that is no module");
    expect((await disasm("text.ko")).stderr).toMatch(/^lcd: text\.ko: this is not an ELF file/);
    folder.write("cut.ko", exampleBytes("hello").subarray(0, 300));
    expect(await disasm("cut.ko")).toMatchObject({ code: 1, stderr: expect.stringMatching(/^lcd: cut\.ko: .+\n$/) });
    const arm = exampleBytes("hello");
    arm[18] = 183; // e_machine: AArch64
    folder.write("arm.ko", arm);
    expect((await disasm("arm.ko")).stderr).toContain("for machine 183 (64-bit), not for x86-64");
    expect((await disasm("./nothing.ko")).stderr).toMatch(/nothing\.ko: no such file or directory/);
  });
});
