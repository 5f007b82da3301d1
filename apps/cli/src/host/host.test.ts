import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseElf } from "elf-image";
import { describe, expect, it } from "vitest";
import { exampleBytes, Folder } from "../testing/module-files";
import { type Finished, runLcd, type World } from "../testing/run-lcd";

const host = (script: string, options: readonly string[] = [], world: World = {}) =>
  runLcd(["host", ...options, "-c", script], world);

/** spin says so when it comes to it: before it is ended, or not. */
const withoutSpinning = (finished: Finished): Finished => ({
  ...finished,
  stdout: finished.stdout.replace("spinning\n", ""),
});

const HEADER = "Module                  Size  Used by\n";
/** asker.ko and answer.ko have 5 and 3 pages. */
const ASKER = "asker                  20480  0\n";
const ANSWER = "answer                 12288  ";

// The words of the tools are those of kmod 30 with such a /proc/modules and /sys/module.
describe("the module tools in one host", () => {
  it("see what the others have loaded, and take it out", async () => {
    const script = "modprobe asker; lsmod; rmmod answer; rmmod asker; lsmod; modprobe -rv answer; lsmod";
    expect(await host(script)).toEqual({
      code: 0,
      stdout: `${HEADER}${ASKER}${ANSWER}1 asker\n${HEADER}${ANSWER}0\nrmmod answer\n${HEADER}`,
      stderr: "rmmod: ERROR: Module answer is in use by: asker\n",
    });
  });

  it("take out with a module what it needed, unless somebody else needs it", async () => {
    expect((await host("modprobe asker; modprobe -rv asker; lsmod")).stdout).toBe(
      `rmmod asker\nrmmod answer\n${HEADER}`,
    );
    expect((await host("modprobe asker; lcd_create answer; modprobe -r asker; lsmod")).stdout).toBe(
      `${HEADER}${ANSWER}1\n`,
    );
  });

  it("read what the kernel shows of its modules", async () => {
    const { stdout } = await host(
      "modprobe asker; cat /proc/modules /sys/module/answer/refcnt; lsmod --json; rmmod asker; cat /sys/module/asker/refcnt",
    );
    const [asker, answer, users, ...json] = stdout.split("\n");
    expect(asker).toMatch(/^asker 20480 0 - Live 0xffffffffa[0-9a-f]{7}$/);
    expect(answer).toMatch(/^answer 12288 1 asker, Live 0xffffffffa[0-9a-f]{7}$/);
    expect(users).toBe("1");
    expect(JSON.parse(json.join("\n"))).toEqual([
      { name: "asker", size: 20480, users: 0, holders: [] },
      { name: "answer", size: 12288, users: 1, holders: ["asker"] },
    ]);
  });

  it("refuse to take out or load what is not there or is there already", async () => {
    const folder = new Folder();
    folder.write("hello.ko", exampleBytes("hello"));
    const script =
      "insmod hello.ko; insmod hello.ko; modprobe --first-time hello; rmmod hello hello; modprobe -r hello";
    expect(await host(script, [], { cwd: folder.path })).toEqual({
      code: 0,
      stdout: "",
      stderr:
        "insmod: ERROR: could not insert module hello.ko: File exists\n" +
        "modprobe: ERROR: could not insert 'hello': Module already in kernel\n" +
        "rmmod: ERROR: Module hello is not currently loaded\n",
    });
  });

  it("write to the kernel's log what -s sends to the system log", async () => {
    const { stdout, stderr } = await host("rmmod -s nowhere; modprobe -s nowhere; dmesg");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/\] rmmod: ERROR: Module nowhere is not currently loaded\n/);
    expect(stdout).toMatch(/\] modprobe: FATAL: Module nowhere not found in directory \/lib\/modules\/lcd\n$/);
  });

  it("have nothing of the configuration and the kernel of this machine", async () => {
    expect((await host("cat /proc/version")).code).toBe(1);
    expect((await host("modprobe -c")).stdout).not.toMatch(/^(blacklist|options|install) /m);
  });
});

describe("a domain in a host", () => {
  it("lives as in seed 000, and counts as a user of its module", async () => {
    const script =
      "lcd_create asker; lsmod; rmmod asker; lcd_thread_start asker; lcd_thread_wait asker; lcd_destroy asker; lsmod";
    expect(await host(script)).toEqual({
      code: 0,
      stdout: `${HEADER}${ASKER.replace(/0\n$/, "1\n")}${ANSWER}1 asker\nthe answer is 42\n${HEADER}`,
      stderr: "rmmod: ERROR: Module asker is in use\n",
    });
  });

  it("does not take its module with it when somebody had loaded that", async () => {
    expect((await host("modprobe answer; lcd_create asker; lcd_destroy asker; lsmod")).stdout).toBe(
      `${HEADER}${ANSWER}0\n`,
    );
  });

  it("has a name of its own when there are several of a module", async () => {
    const { stdout } = await host("lcd_create hello; lcd_create hello; lcd_destroy hello; lcd_create hello; lsmod");
    expect(stdout).toBe(`hello.2\n${HEADER}hello                  20480  2\n`);
  });

  it("is destroyed by rmmod -f, which ends who waits for it", async () => {
    const script =
      "lcd_create spin; lcd_thread_start spin; lcd_thread_wait spin & rmmod -f spin; wait; lsmod; lcd_destroy spin";
    expect(withoutSpinning(await host(script))).toEqual({
      code: 1,
      stdout: HEADER,
      stderr:
        "spin: it was destroyed\n" + "lcd_destroy: there is no domain spin; there are none; lcd_create makes one\n",
    });
  });

  it("is waited for by rmmod -w", async () => {
    const script = "modprobe spin; lcd_create spin; rmmod -w spin & lcd_destroy spin; wait; lsmod";
    expect(await host(script)).toEqual({ code: 0, stdout: HEADER, stderr: "" });
  });

  it("is killed by a limit of fuel", async () => {
    const { code, stderr } = await host("lcd_create spin; lcd_thread_start spin; lcd_thread_wait spin", [
      "--fuel",
      "100K",
    ]);
    expect(code).toBe(3);
    expect(stderr).toContain("spin: killed: it has run 100000 instructions");
  });
});

describe("a host that waits for what does not come", () => {
  it("ends when its time is over", async () => {
    const running = "lcd_create spin; lcd_thread_start spin; ";
    const waits = await host(`${running}rmmod -w spin; lsmod`, ["--timeout", "0.2"]);
    expect(withoutSpinning(waits)).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "rmmod: ERROR: could not remove module spin: Interrupted system call\n" +
        "lcd host: 0.2 seconds have passed (--timeout)\n",
    });
    const polls = await host(`${running}modprobe -r -w 100000 spin`, ["--timeout", "0.2"]);
    expect(polls.stderr).toContain("modprobe: ERROR: could not remove 'spin': Interrupted system call\n");
    const runs = await host(`${running}lcd_thread_wait spin; lsmod`, ["--timeout", "0.2"]);
    expect(withoutSpinning(runs)).toMatchObject({ code: 3, stdout: "" });
    expect(runs.stderr).toMatch(/^spin: killed: 0.2 seconds have passed \(--timeout\)\n/);
  });

  it("ends when nothing is left that could happen", async () => {
    const whenIdle = (listener: () => void) => void setTimeout(listener, 100);
    expect(await host("modprobe hello; lcd_create hello; rmmod -w hello & wait; lsmod", [], { whenIdle })).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "rmmod: ERROR: could not remove module hello: Interrupted system call\n" +
        "lcd host: nothing is left that could end what waits\n",
    });
  });
});

describe("modprobe.d of a host", () => {
  const folder = new Folder();
  mkdirSync(join(folder.path, "conf"));
  folder.write(
    "conf/a.conf",
    'install divide echo "installing $MODPROBE_MODULE $CMDLINE_OPTS"; exit 3\nremove hello echo removing; exit 0\n' +
      "options params count=2\nalias nice hello\n",
  );
  const configured = (script: string, ...options: string[]) =>
    host(script, ["--config", "conf", ...options], { cwd: folder.path });

  it("gives aliases and options to modprobe and to lcd_create", async () => {
    expect((await configured("modprobe nice; lsmod")).stdout).toContain("hello ");
    const { stdout } = await configured("lcd_create params; lcd_thread_start params; lcd_thread_wait params");
    expect(stdout.match(/^Hello/gm)).toHaveLength(2);
  });

  it("has no shell for its commands", async () => {
    expect(await configured("modprobe divide a=1")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/could not insert 'divide': modprobe.d says to run .* and there is no shell here/),
    });
    expect((await configured("modprobe hello; modprobe -r hello; lsmod")).stdout).toContain("hello ");
    expect((await configured("lcd_create divide")).stderr).toContain("there is no shell here");
    expect((await configured("modprobe -i divide; lsmod")).stdout).toContain("divide ");
  });

  it.skipIf(process.platform === "win32")("has the shell that it is given", async () => {
    expect(await configured("modprobe divide a=1; modprobe -r hello", "--shell", "/bin/sh")).toEqual({
      code: 0,
      stdout: "installing divide a=1\nremoving\n",
      stderr:
        "modprobe: ERROR: Error running install command 'echo \"installing $MODPROBE_MODULE a=1\"; exit 3' for module divide: retcode 3\n" +
        "modprobe: ERROR: could not insert 'divide': Invalid argument\n",
    });
    expect((await configured("modprobe divide", "--shell", "/no/such/shell")).stderr).toBe(
      "modprobe: --shell /no/such/shell: /no/such/shell: no such file or directory\n",
    );
  });
});

describe("lcd host", () => {
  it("goes on after a failure, or ends with it", async () => {
    expect(await host("rmmod x; lsmod")).toMatchObject({ code: 0, stdout: HEADER });
    expect(await host("rmmod x; lsmod", ["--errexit"])).toMatchObject({ code: 1, stdout: "" });
    expect(await host("rmmod x & wait", ["-e"])).toMatchObject({ code: 1 });
    expect(await host("exit 7; lsmod")).toMatchObject({ code: 7, stdout: "" });
    expect(await host("exit 256")).toMatchObject({ code: 2, stderr: "exit: 256 is no exit code: 0 to 255\n" });
  });

  it("knows which command was meant", async () => {
    expect(await host("lsmdo")).toMatchObject({
      code: 127,
      stderr: "lsmdo: there is no command lsmdo in the host; did you mean lsmod?\n",
    });
    expect((await host("constructor")).code).toBe(127);
    expect((await host("lcd_destroy")).code).toBe(2);
    expect((await host("help")).stdout).toMatch(/^ {2}rmmod \[options\] <module> \.\.\. {2,}take modules out/m);
  });

  it("reads commands from a file, and runs nothing of one with a mistake", async () => {
    const folder = new Folder();
    folder.write("good.txt", "# loads hello\nmodprobe hello\nlsmod\n");
    folder.write("bad.txt", "lsmod\nlsmod | wc\n");
    const world = { cwd: folder.path };
    expect((await runLcd(["host", "good.txt"], world)).stdout).toBe(`${HEADER}hello                  20480  0\n`);
    expect(await runLcd(["host", "bad.txt"], world)).toEqual({
      code: 2,
      stdout: "",
      stderr: "lcd: line 2: there are no pipes here\n",
    });
    expect(await runLcd(["host", "none.txt"], world)).toMatchObject({ code: 1 });
    expect(await runLcd(["host", "."], world)).toMatchObject({
      code: 1,
      stderr: `lcd: ${folder.path}: it is a directory\n`,
    });
    expect(await runLcd(["host", "good.txt", "-c", "lsmod"], world)).toMatchObject({ code: 2 });
  });

  it("reads commands that are typed, and bears a mistake", async () => {
    const input = ["modprobe hello", "lsmod | wc", "lsmod", "exit 4", "lsmod"];
    expect(await runLcd(["host"], { input })).toEqual({
      code: 4,
      stdout: `${HEADER}hello                  20480  0\n`,
      stderr: "line 2: there are no pipes here\n",
    });
    expect((await runLcd(["host", "-e"], { input })).code).toBe(2);
  });

  it("says which directory has no index, or is none", async () => {
    const folder = new Folder();
    folder.write("file", "");
    const said = async (...words: string[]) => (await host("lsmod", words, { cwd: folder.path })).stderr;
    expect(await said("--modules", ".")).toMatch(/^lcd: --modules \.: there is no modules\.dep in it/);
    expect(await said("--config", "file")).toBe("lcd: --config file: it is no directory\n");
    expect(await said("--config", "none")).toMatch(/none: no such file or directory\n$/);
  });
});

describe("hostile modules and moments", () => {
  it("a name that would break /proc/modules is refused", async () => {
    const folder = new Folder();
    const image = exampleBytes("hello");
    const modinfo = parseElf(image).section(".modinfo")?.data() ?? new Uint8Array(0);
    const at = new TextDecoder("latin1").decode(modinfo).indexOf("name=hello") + "name=".length;
    expect(at).toBeGreaterThan("name=".length);
    for (const name of ["he\nlo", "he lo", "../..", "\u001b[31m"]) {
      modinfo.set(new TextEncoder().encode(name), at);
      folder.write("odd.ko", image);
      const { stdout, stderr } = await host("insmod odd.ko; lsmod", [], { cwd: folder.path });
      expect([stdout, stderr]).toEqual([
        HEADER,
        "insmod: ERROR: could not insert module odd.ko: Invalid module format\n",
      ]);
    }
  });

  it("a module is taken out while it is asked for, twice, and in a crowd", async () => {
    const crowd = Array.from(
      { length: 20 },
      (_, i) => ["lcd_create asker", "rmmod answer", "modprobe -r asker"][i % 3],
    );
    const script = `${crowd.join(" & ")} & wait; rmmod -f asker; modprobe -r answer; lsmod`;
    const { code, stdout, stderr } = await host(script, ["--timeout", "20"]);
    expect([code, stdout.replace(/^asker\.\d+\n/gm, "")]).toEqual([0, HEADER]);
    expect(stderr).not.toContain("bug in LCD");
  });
});
