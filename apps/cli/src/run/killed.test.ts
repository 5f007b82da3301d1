import { describe, expect, it } from "vitest";
import { testModule } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

describe("lcd run of a module that does wrong", () => {
  it("explains an EPT violation: what, where, code, registers, page walk, EPT", async () => {
    const { code, stdout, stderr } = await runLcd(["run", "wild-write"]);
    expect(code).toBe(3);
    expect(stdout).toBe("writing to 0xc0000000\n");
    expect(stderr).toMatch(/^wild_write: EPT violation: tried to write 0x00000000c0000000/);
    expect(stderr).toMatch(/^ {2}at 0xffffffffa[0-9a-f]{7} \w+\+0x[0-9a-f]+\/0x[0-9a-f]+ \[wild_write\]/m);
    expect(stderr).toMatch(/^ {2}-> [0-9a-f]{16}: c7 45 00 ef be ad de +mov dword ptr \[rbp\], 0xdeadbeef$/m);
    expect(stderr).toMatch(/call 0x[0-9a-f]+ {2}# lcd_printk\+0x0\/0x[0-9a-f]+ \[wild_write\]/);
    expect(stderr).toMatch(/^ {2}rax 0x[0-9a-f]{16} {2}rcx .* rdx .* rbx /m);
    expect(stderr).toMatch(/^ {2}PTE {3}at 0x[0-9a-f]{16}: 0x00000000c0000063 rwx$/m);
    expect(stderr).toContain("guest-physical 0x00000000c0000000: no entry");
  });

  it("marks the instruction that divided by zero", async () => {
    const { code, stderr } = await runLcd(["run", "divide"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^divide: divide error \(#DE\)\n/);
    expect(stderr).toMatch(/^ {2}-> .* idiv dword ptr \[0xffffffff[0-9a-f]+\] {2}# by\+0x0\/0x4 \[divide\]$/m);
    expect(stderr.match(/^ {2}->/gm)).toHaveLength(1);
  });

  for (const [name, why] of [
    ["null-pointer", /page fault \(#PF/],
    ["halt", /hlt is not possible/],
    ["undefined-instruction", /\(#UD\)/],
    ["write-text", /page fault/],
    ["write-rodata", /page fault.*tried to write/],
    ["smash-stack", /\(#GP/],
    ["overflow-stack", /tried to write/],
    ["wild-page-tables", /EPT violation/],
    ["lose-page-tables", /lose_page_tables/],
  ] as const) {
    it(`explains ${name}`, async () => {
      const { code, stderr } = await runLcd(["run", testModule(name)]);
      expect(code).toBe(3);
      expect(stderr).toMatch(why);
      expect(stderr).not.toContain("bug in LCD");
    });
  }

  it("lets a stack protector do its work", async () => {
    const { code, stdout } = await runLcd(["run", testModule("smash-protected")]);
    expect(code).toBe(1);
    expect(stdout).toContain("stack overrun detected");
  });

  it("stops an endless loop after exactly the fuel it was given, and says where it was", async () => {
    const { code, stderr } = await runLcd(["run", "spin", "--fuel", "100K", "-v"]);
    expect(code).toBe(3);
    expect(stderr).toContain("spin: killed: it has run 100000 instructions");
    expect(stderr).toMatch(/it was at 0xffffffffa[0-9a-f]+ \w+\+0x[0-9a-f]+\/0x[0-9a-f]+ \[spin\]/);
    expect(stderr).toContain("spin: 100000 instructions\n");
  });

  it("stops an endless loop after the time it was given", async () => {
    const { code, stderr } = await runLcd(["run", "spin", "--timeout", "0.2"]);
    expect(code).toBe(3);
    expect(stderr).toContain("spin: killed: 0.2 seconds have passed (--timeout)");
  });

  it("tells programs of a fault, and of a limit", async () => {
    const fault = JSON.parse((await runLcd(["run", "wild-write", "--json"])).stdout);
    expect(fault).toMatchObject({
      module: "wild_write",
      outcome: "faulted",
      console: "writing to 0xc0000000\n",
      fault: { cause: { kind: "ept-violation", operation: "write", gpa: "0xc0000000" }, ept: { entry: null } },
      exitCode: 3,
    });
    const limit = JSON.parse((await runLcd(["run", "spin", "--fuel", "1000", "--json"])).stdout);
    expect(limit).toMatchObject({ outcome: "killed", reason: "fuel", instructions: 1000, exitCode: 3 });
  });
});
