import { expect, test } from "vitest";
import { FileError } from "../files/files";
import { memoryFiles } from "../files/memory-files";
import { lcdLsmod } from "../lsmod/lsmod";
import { lcdModprobe } from "../modprobe/modprobe";
import { lcdRmmod } from "../rmmod/rmmod";
import { type EmulatedKernel, hostEnvironment } from "./host-environment";

const TREE = "/lib/modules/6.1.0";

/** A kernel that believes everything: a module is its name. `top` is in use until somebody waits for it. */
class Kernel implements EmulatedKernel {
  readonly log: string[] = [];
  modules: string[] = [];
  busy = new Set<string>();

  readonly devices = {
    open: (path: string) => {
      if (path !== "/dev/lcd") throw new FileError("ENODEV", path);
      return {
        ioctl: (_: number, { name }: { name: string }) => {
          this.modules.unshift(name);
          return 0;
        },
      };
    },
  };

  kernelFiles(): Record<string, string> {
    const files: Record<string, string> = {
      "/proc/modules": this.modules.map((name) => `${name} 1 0 - Live 0x0\n`).join(""),
    };
    for (const name of this.modules) {
      files[`/sys/module/${name}/refcnt`] = this.busy.has(name) ? "1\n" : "0\n";
      files[`/sys/module/${name}/coresize`] = "4096\n";
    }
    return files;
  }

  async deleteModule(name: string, { wait }: { wait: boolean }): Promise<void> {
    if (this.busy.has(name) && !wait) throw new FileError("EAGAIN", name);
    this.modules = this.modules.filter((module) => module !== name);
  }

  printk(level: string, text: string): void {
    this.log.push(`${level} ${text}`);
  }
}

function host(signal?: AbortSignal) {
  const kernel = new Kernel();
  const said = { stdout: "", stderr: "" };
  const env = hostEnvironment(kernel, {
    files: memoryFiles({
      [`${TREE}/modules.dep`]: "top.ko: base.ko\nbase.ko:\n",
      [`${TREE}/top.ko`]: "",
      [`${TREE}/base.ko`]: "",
      "/proc/modules": "somebody else's\n",
      "/sys/module/base/refcnt": "7\n",
      "/etc/modprobe.d/a.conf": "install refused echo\n",
    }),
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    release: "6.1.0",
    signal,
  });
  return { kernel, env, said };
}

test("what is loaded is seen by the other tools, and gone when it is taken out", async () => {
  const { kernel, env, said } = host();
  expect(await lcdModprobe(["modprobe", "top"], env)).toBe(0);
  expect(await lcdLsmod(["lsmod"], env)).toBe(0);
  const row = (name: string) => `${name.padEnd(20)}${"4096".padStart(8)}  0\n`;
  expect(said.stdout).toBe(`Module                  Size  Used by\n${row("top")}${row("base")}`);
  expect(await lcdModprobe(["modprobe", "-r", "top"], env)).toBe(0);
  expect(kernel.modules).toEqual([]);
  expect(await lcdRmmod(["rmmod", "top"], env)).toBe(1);
  expect(said.stderr).toBe("rmmod: ERROR: Module top is not currently loaded\n");
});

test("a module in use stays, unless the kernel is to wait", async () => {
  const { kernel, env, said } = host();
  kernel.modules = ["top"];
  kernel.busy = new Set(["top"]);
  expect(await lcdRmmod(["rmmod", "top"], env)).toBe(1);
  expect(said.stderr).toBe("rmmod: ERROR: Module top is in use\n");
  expect(await lcdRmmod(["rmmod", "-w", "top"], env)).toBe(0);
});

test("waiting ends when it is told to", async () => {
  const abort = new AbortController();
  const { kernel, env, said } = host(abort.signal);
  kernel.modules = ["top"];
  kernel.busy = new Set(["top"]);
  setTimeout(() => abort.abort(), 20);
  expect(await lcdModprobe(["modprobe", "-r", "-w", "100000", "top"], env)).toBe(1);
  expect(said.stderr).toBe("modprobe: ERROR: could not remove 'top': Interrupted system call\n");
});

test("the system log is the kernel's log", async () => {
  const { kernel, env, said } = host();
  await lcdRmmod(["rmmod", "-s", "nowhere"], env);
  expect(kernel.log).toEqual(["err rmmod: ERROR: Module nowhere is not currently loaded"]);
  expect(said.stderr).toBe("");
});

test("commands of modprobe.d are refused, and run when a shell is given", async () => {
  const { env, said } = host();
  expect(await lcdModprobe(["modprobe", "refused"], env)).toBe(1);
  expect(said.stderr).toContain("modprobe.d says to run 'echo', and there is no shell here (see -i)");
  const run: string[] = [];
  const runShell = (command: string) => run.push(command) - 1;
  expect(await lcdModprobe(["modprobe", "refused"], { ...env, runShell })).toBe(0);
  expect(run).toEqual(["echo"]);
});
