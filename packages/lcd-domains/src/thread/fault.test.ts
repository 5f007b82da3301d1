import { describe, expect, it } from "vitest";
import { runModule, testHost } from "../../test/host";
import { DomainModule } from "../call/domain-module";
import type { FaultReport } from "./fault-report";
import { formatFault } from "./format-fault";

async function faultOf(name: string, parameters: string[] = []): Promise<FaultReport> {
  const { result } = await runModule(testHost(), name, { parameters });
  if (result.kind !== "faulted") throw new Error(`${name} did not fault: ${result.kind}`);
  return result.report;
}

describe("a fault ends the domain with a report that says", () => {
  it("which instruction divided by zero", async () => {
    const report = await faultOf("divide");
    expect(report.cause).toMatchObject({ kind: "exception", vector: 0, mnemonic: "#DE", errorCode: null });
    expect(report.location).toMatchObject({ module: "divide" });
    expect(formatFault(report)).toMatch(/^divide: divide error \(#DE\)\n {2}at 0xffffffffa/);
  });

  it("which guest-physical address the domain was not given, and that the EPT has no entry for it", async () => {
    const report = await faultOf("wild-write");
    expect(report.cause).toMatchObject({
      kind: "ept-violation",
      operation: "write",
      gpa: 0xc0000000n,
      gva: 0xc0000000n,
    });
    expect(report.walk?.page).toMatchObject({ gpa: 0xc0000000n, write: true });
    expect(report.walk?.steps.map((step) => step.level)).toEqual(["PML4E", "PDPTE", "PDE", "PTE"]);
    expect(report.ept).toMatchObject({ gpa: 0xc0000000n, entry: null });
    const text = formatFault(report);
    expect(text).toContain(
      "EPT violation: tried to write 0x00000000c0000000, which is guest-physical 0x00000000c0000000",
    );
    expect(text).toContain("no entry; the domain was never given memory there");
  });

  for (const [how, operation] of [
    ["read", "read"],
    ["write", "write"],
    ["call", "execute"],
  ]) {
    it(`that a null pointer was used to ${operation}`, async () => {
      const report = await faultOf("null-pointer", [`how=${how}`]);
      expect(report.cause).toMatchObject({ kind: "exception", vector: 14, access: { operation, address: 0n } });
      expect(report.walk?.page).toBeNull();
    });
  }

  it("that code is not writable", async () => {
    const report = await faultOf("write-text");
    expect(report.cause).toMatchObject({ vector: 14, access: { operation: "write" } });
    expect(report.walk?.page).toMatchObject({ write: false, execute: true });
    expect(report.ept?.rights).toEqual({ read: true, write: false, execute: true });
  });

  it("that constants are neither writable nor executable", async () => {
    const module = await DomainModule.load(testHost(), "hello");
    const constants = module.lcd.module.loaded.parts.find((part) => part.kind === "rodata")?.address ?? 0n;
    const result = await module.call("memcpy", constants, constants + 8n, 8);
    const report = result.kind === "faulted" ? result.report : null;
    expect(report?.cause).toMatchObject({ vector: 14, access: { operation: "write", address: constants } });
    expect(report?.ept?.rights).toEqual({ read: true, write: false, execute: false });
    module.destroy();
  });

  it("that an instruction is undefined, and where it is", async () => {
    const report = await faultOf("undefined-instruction");
    expect(report.cause).toMatchObject({ vector: 6, mnemonic: "#UD" });
    const at = Number(report.rip - report.code.address);
    expect([...report.code.bytes.subarray(at, at + 2)]).toEqual([0x0f, 0x0b]);
  });

  it("that hlt would wait for ever", async () => {
    expect((await faultOf("halt")).cause).toMatchObject({ kind: "refused", name: "hlt" });
  });

  it("that a page table lies where the domain has no memory", async () => {
    const report = await faultOf("wild-page-tables");
    expect(report.cause).toMatchObject({ kind: "ept-violation", duringWalk: true });
    expect(formatFault(report)).toContain("the domain has no memory there");
  });

  it("where a smashed stack returned to", async () => {
    const report = await faultOf("smash-stack");
    // 0x4141414141414141 is not canonical: RET raises #GP (SDM 2B, RET) and RIP stays at the instruction.
    expect(report.cause).toMatchObject({ vector: 13, mnemonic: "#GP" });
    expect(report.stack[0].value).toBe(0x4141414141414141n);
  });

  it("what happened when a domain lost its page tables, though nothing can be walked any more", async () => {
    const report = await faultOf("lose-page-tables");
    expect(report.walk?.page).toBeNull();
    expect(report.domain).toBe("lose_page_tables");
  });

  it("what happened when a stack overflowed", async () => {
    expect((await faultOf("overflow-stack")).domain).toBe("overflow_stack");
  });
});

describe("a stack protector", () => {
  it("finds a smashed stack, and ends the domain with -EFAULT", async () => {
    const { result, output } = await runModule(testHost(), "smash-protected");
    expect(output).toContain("stack overrun detected");
    expect(result).toMatchObject({ kind: "exited" });
  });
});
