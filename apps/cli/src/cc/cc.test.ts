import { describe, expect, it } from "vitest";
import { hasCompiler } from "../testing/has-compiler";
import { Folder } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

const folder = new Folder();
const cc = (...words: string[]) => runLcd(["cc", ...words], { cwd: folder.path });

const SOURCE = `
#include <linux/module.h>
#include <lcd-domains/liblcd.h>
#ifndef TIMES
#define TIMES 1
#endif
static int __init greet_init(void)
{
	for (int i = 0; i < TIMES; i++)
		lcd_printk("hi\\n");
	return 0;
}
module_init(greet_init);
MODULE_LICENSE("GPL");
`;

describe.skipIf(!hasCompiler())("lcd cc", () => {
  it("compiles a module that runs", { timeout: 60_000 }, async () => {
    folder.write("greet.c", SOURCE);
    expect(await cc("greet.c", "-D", "TIMES=2")).toMatchObject({ code: 0, stdout: "" });
    expect(await runLcd(["run", "./greet.ko"], { cwd: folder.path })).toEqual({
      code: 0,
      stdout: "hi\nhi\n",
      stderr: "",
    });
  });

  it("shows what the compiler has to say", { timeout: 60_000 }, async () => {
    folder.write("wrong.c", "int f(void) { return nothing; }\n");
    const { code, stderr } = await cc("wrong.c", "-o", "wrong.ko");
    expect(code).toBe(1);
    expect(stderr).toMatch(/wrong\.c:1:\d+: error: .*nothing.* undeclared/);
    expect(stderr).not.toContain("bug in LCD");
  });
});

describe("lcd cc", () => {
  it("says what to install when there is no compiler", async () => {
    folder.write("greet.c", SOURCE);
    const { code, stderr } = await runLcd(["cc", "greet.c"], { cwd: folder.path, environment: { PATH: folder.path } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/apt-get install/);
  });

  it("says what is missing", async () => {
    expect(await cc()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'source'"),
    });
  });
});
