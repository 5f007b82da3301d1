import { describe, expect, it } from "vitest";
import { Folder, testModule } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

const folder = new Folder();
const call = (...words: string[]) => runLcd(["call", ...words], { cwd: folder.path });

describe("lcd call", () => {
  it("prints what a function returns, in decimal and in hexadecimal", async () => {
    // answer(n) is 6 * n + 6 - ... the example says: 42 for 6, 12 for 1.
    expect(await call("answer", "answer", "6")).toEqual({ code: 0, stdout: "42 (0x2a)\n", stderr: "" });
    expect((await call("answer", "answer", "0x1")).stdout).toBe("12 (0xc)\n");
  });

  it("reads a result as wide, and as signed, as it is told to", async () => {
    // -2 * 6 + 6 = -6
    expect((await call("answer", "answer", "-2", "--signed", "--width", "32")).stdout).toBe(
      "-6 (0xfffffffa, -ENXIO)\n",
    );
    expect((await call("answer", "answer", "-0x2", "--width", "8")).stdout).toBe("250 (0xfa)\n");
  });

  it("passes text, bytes, files and empty buffers as pointers, and shows what was written to them", async () => {
    folder.write("data.bin", "from a file");
    for (const from of ["str:from a file", "hex:66726f6d20612066696c65", "file:data.bin"]) {
      const { stdout } = await call("hello", "memcpy", "out:18", from, "11", "--dump", "1", "--dump", "2:4");
      const [result, ...dump] = stdout.trimEnd().split("\n");
      expect(result).toMatch(/^\d+ \(0x[0-9a-f]+, byte 0 of argument 1\)$/);
      expect(dump).toEqual([
        "00000000  66 72 6f 6d 20 61 20 66  69 6c 65 00 00 00 00 00  |from a file.....|",
        "00000010  00 00                                             |..|",
        "00000012",
        "00000000  66 72 6f 6d                                       |from|",
        "00000004",
      ]);
    }
  });

  it("ends text with a NUL", async () => {
    expect((await call("hello", "strlen", "str:four")).stdout).toBe("4 (0x4)\n");
  });

  it("takes integers of all 64 bits", async () => {
    const { stdout } = await call("hello", "memset", "out:16", "-1", "8", "--dump", "1");
    expect(stdout).toContain("ff ff ff ff ff ff ff ff  00 00 00 00 00 00 00 00");
    expect((await call("answer", "answer", "18446744073709551616")).stderr).toContain("does not fit in 64 bits");
  });

  it("gives JSON", async () => {
    const { stdout } = await call("hello", "memcpy", "out:4", "str:abcd", "4", "--dump", "1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      module: "hello",
      symbol: "memcpy",
      outcome: "returned",
      buffers: [{ argument: 1, hex: "61626364" }],
      exitCode: 0,
    });
  });

  it("loads what the module needs", async () => {
    expect((await call("asker", "init_module")).stdout).toBe("the answer is 42\n0 (0x0)\n");
  });

  it("runs init first when it is told to, and says when that fails", async () => {
    expect((await call("hello", "strlen", "str:abc", "--init")).stdout).toMatch(/^Hello[\s\S]*\n3 \(0x3\)\n$/);
    expect(await call(testModule("init-fails"), "init_module", "--init")).toMatchObject({
      code: 1,
      stderr: "init_fails: init returned -EINVAL (-22)\n",
    });
  });

  it("sets module parameters", async () => {
    const { stdout } = await call("params", "init_module", "--param", "count=1", "--param", "name=Ada");
    expect(stdout).toContain("Hello, Ada.\n");
  });

  it("explains a function that faults, loops, or runs over its buffer", async () => {
    const fault = await call("hello", "strlen", "0");
    expect(fault.code).toBe(3);
    expect(fault.stderr).toMatch(/page fault \(#PF.*tried to read 0x0000000000000000/);
    const loop = await call("spin", "init_module", "--fuel", "10K");
    expect([loop.code, loop.stderr]).toEqual([3, expect.stringContaining("it has run 10000 instructions")]);
    const slow = await call("spin", "init_module", "--timeout", "0.1");
    expect([slow.code, slow.stderr]).toEqual([3, expect.stringContaining("0.1 seconds have passed")]);
    const over = await call("hello", "memset", "out:4096", "0", "4097");
    expect([over.code, over.stderr]).toEqual([3, expect.stringContaining("tried to write")]);
  });

  it("says what is wrong with the command line", async () => {
    const said = async (...words: string[]) => {
      const { code, stderr } = await call(...words);
      return [code, stderr];
    };
    expect(await said("answer", "anwser", "6")).toEqual([
      1,
      "lcd: module answer has no function anwser; did you mean answer?\n",
    ]);
    expect(await said("answer", "answer", "six")).toEqual([2, expect.stringContaining('argument 1: "six" is none of')]);
    expect(await said("answer", "answer", "hex:abc")).toEqual([2, expect.stringContaining("pairs of hexadecimal")]);
    expect(await said("answer", "answer", "out:none")).toEqual([2, expect.stringContaining("number of bytes")]);
    expect(await said("answer", "answer", "file:nothing.bin")).toEqual([
      1,
      expect.stringMatching(/nothing\.bin: no such file or directory/),
    ]);
    expect(await said("answer", "answer", "6", "--dump", "1")).toEqual([2, expect.stringContaining("is no buffer")]);
    expect(await said("answer", "answer", "out:4", "--dump", "1:5")).toEqual([
      2,
      expect.stringContaining("argument 1 has 4 bytes"),
    ]);
    expect(await said("answer", "answer", "6", "--width", "7")).toEqual([
      2,
      expect.stringContaining("8, 16, 32 or 64"),
    ]);
    expect(await said("answer", "answer", ..."1234567")).toEqual([2, expect.stringContaining("at most 6")]);
    expect(await said("answer")).toEqual([2, expect.stringContaining("missing required argument 'symbol'")]);
  });
});
