import { describe, expect, it } from "vitest";
import { commands } from "./commands";
import { lcd } from "./program";
import { runLcd } from "./testing/run-lcd";

describe("lcd", () => {
  it("teaches: help names every command, and each command's help has examples", async () => {
    const { code, stdout } = await runLcd(["--help"]);
    expect(code).toBe(0);
    for (const { name } of commands) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
      const help = await runLcd([name, "--help"]);
      expect([name, help.code]).toEqual([name, 0]);
      expect(help.stdout).toMatch(new RegExp(`Examples:\\n  lcd ${name} `));
      expect((await runLcd(["help", name])).stdout).toBe(help.stdout);
    }
  });

  it("shows its help on standard error, and exits with 2, when nothing is asked of it", async () => {
    const { code, stdout, stderr } = await runLcd([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: lcd <command>/);
  });

  it("tells its version", async () => {
    expect((await runLcd(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("knows which command was meant", async () => {
    expect(await runLcd(["rnu"])).toMatchObject({
      code: 2,
      stderr: "lcd: there is no command rnu; did you mean run?\n",
    });
    expect((await runLcd(["hello.ko"])).stderr).toContain("to run a module: lcd run hello.ko");
    expect((await runLcd(["xyzzy"])).stderr).toContain("lcd --help lists the commands");
    expect((await runLcd([""])).stderr).toBe('lcd: there is no command ""; lcd --help lists the commands\n');
  });

  it("calls a bug a bug, and says how to find it", async () => {
    const broken = (environment: Record<string, string>) => {
      let said = "";
      const terminal = {
        stdout: () => {
          throw new TypeError("something is not a function");
        },
        drained: async () => {},
        stderr: (text: string) => {
          said += text;
        },
        cwd: "/",
        environment,
      };
      return lcd(["--help"], terminal).then((code) => ({ code, said }));
    };
    const { code, said } = await broken({});
    expect(code).toBe(70);
    expect(said).toMatch(/^lcd: something is not a function\nThis is a bug in LCD.*LCD_DEBUG=1/);
    expect((await broken({ LCD_DEBUG: "1" })).said).toContain("program.test.ts");
  });
});
