import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prebuiltDirectory } from "liblcd";
import { describe, expect, it } from "vitest";
import { testModule } from "./testing/module-files";

const binary = fileURLToPath(new URL("../bin/lcd.cjs", import.meta.url));
const built = existsSync(new URL("../dist/main.cjs", import.meta.url));

function run(command: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      "sh",
      ["-c", command],
      { env: { ...process.env, LCD: `${process.execPath} ${binary}` } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe.skipIf(!built || process.platform === "win32")("the lcd process, as it was built", { timeout: 60_000 }, () => {
  it("runs hello", async () => {
    const { code, stdout, stderr } = await run("$LCD run hello");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Hello from an isolated kernel module!\n/);
  });

  it("ends with the exit codes that it promises", async () => {
    const codes = [`run ${testModule("init-fails")}`, "run nothing", "run", "run wild-write", "run spin --fuel 1K"];
    const results = [];
    for (const words of codes) results.push((await run(`$LCD ${words}`)).code);
    expect(results).toEqual([1, 1, 2, 3, 3]);
  });

  it("ends a host in which nothing is left that could end what waits", async () => {
    const { code, stdout, stderr } = await run('$LCD host -c "lcd_create hello; rmmod -w hello; lsmod"');
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("lcd host: nothing is left that could end what waits\n");
  });

  it("takes commands for a host from standard input", async () => {
    const { code, stdout } = await run("printf 'modprobe hello\\nlsmod\\nexit 5\\nlsmod\\n' | $LCD host");
    expect([code, stdout]).toEqual([5, "Module                  Size  Used by\nhello                  20480  0\n"]);
  });

  it("ends without a word when nobody reads on, and with the exit code of SIGPIPE", async () => {
    const { stdout, stderr } = await run(
      `($LCD run ${testModule("putchar-loop")} times=100000 --timeout 20; echo " $?" >&2) | head -c 5`,
    );
    expect([stdout, stderr]).toEqual(["xxxxx", " 141\n"]);
  });

  it.skipIf(!existsSync("/dev/full"))("says in a sentence that standard output takes no more", async () => {
    const { code, stderr } = await run("$LCD run hello > /dev/full");
    expect([code, stderr]).toEqual([1, "lcd: standard output: no space is left on the device\n"]);
  });

  it("says in a sentence that its directory is gone, where it needs one", async () => {
    const inGoneDirectory = 'cd "$(mktemp -d)" && rmdir "$PWD" &&';
    expect(await run(`${inGoneDirectory} $LCD run ./hello.ko`)).toEqual({
      code: 1,
      stdout: "",
      stderr: "lcd: the directory that this was started in is not there any more\n",
    });
    expect((await run(`${inGoneDirectory} $LCD --help`)).code).toBe(0);
  });

  it.runIf(process.platform === "linux")("prints and copies names that are no UTF-8 as they are", async () => {
    const { code, stderr } = await run(`
      cd "$(mktemp -d)" && tree=$(printf 'lib/modules/6.1.0/\\351') && mkdir -p "in/$tree" &&
      cp ${prebuiltDirectory}/hello.ko "in/$tree" &&
      $LCD modules set -d in hello --paths -0 --copy-to out 2> said | xargs -0 cmp "out/$tree/hello.ko"
    `);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it.runIf(process.platform === "linux")("ends where no directory can be made", async () => {
    expect((await run("$LCD modules set asker --copy-to /proc/lcd")).code).toBe(1);
  });

  it("reads no more of standard input than a kernel that reads nothing has place for", async () => {
    // Multiboot header with addresses; jmp to itself.
    const words = [0x1badb002, 0x10000, -(0x1badb002 + 0x10000), 0x100000, 0x100000, 0, 0, 0x100020, 0xfeeb];
    const file = join(mkdtempSync(join(tmpdir(), "lcd-process-")), "spin");
    writeFileSync(file, Uint32Array.from(words.map((word) => word >>> 0)));
    const { code, stderr } = await run(
      `(head -c 10000000 /dev/zero && echo all read >&2) | $LCD machine ${file} --timeout 1`,
    );
    expect([code, stderr]).toEqual([3, "spin: 1 seconds have passed (--timeout)\n"]);
  });

  it("loses nothing to a slow reader", async () => {
    const { stdout } = await run(`$LCD run ${testModule("putchar-loop")} times=40000 | (sleep 1; wc -c)`);
    expect(Number(stdout)).toBe(40_001);
  });
});
