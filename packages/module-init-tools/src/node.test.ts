import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lcdDepmod } from "./depmod/depmod";
import { lcdModinfo } from "./modinfo/modinfo";
import { lcdModprobe } from "./modprobe/modprobe";
import { nodeEnvironment, nodeFiles } from "./node";
import { makeModule } from "./testing";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "module-init-tools-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function quietEnvironment() {
  const written = { stdout: "", stderr: "" };
  const write = (stream: "stdout" | "stderr") => (text: string) => {
    written[stream] += text;
  };
  return { env: { ...nodeEnvironment(), stdout: write("stdout"), stderr: write("stderr") }, written };
}

test("a real directory tree is indexed, and a module of it planned", async () => {
  const tree = join(root, "lib/modules/1.2.3");
  mkdirSync(join(tree, "kernel"), { recursive: true });
  writeFileSync(join(tree, "modules.order"), "kernel/a.ko\nkernel/b.ko\n");
  writeFileSync(join(tree, "modules.builtin"), "");
  writeFileSync(join(tree, "modules.builtin.modinfo"), "");
  writeFileSync(join(tree, "kernel/a.ko"), makeModule({ imports: ["b"] }));
  writeFileSync(join(tree, "kernel/b.ko"), makeModule({ exports: ["b"] }));
  const { env, written } = quietEnvironment();
  expect(await lcdDepmod(["lcd-depmod", "-b", root, "1.2.3"], env)).toBe(0);
  expect(readFileSync(join(tree, "modules.dep"), "utf8")).toBe("kernel/a.ko: kernel/b.ko\nkernel/b.ko:\n");
  expect(await lcdModprobe(["lcd-modprobe", "-C", root, "-d", root, "-S", "1.2.3", "-D", "a"], env)).toBe(0);
  expect(written).toEqual({
    stdout: `insmod ${tree}/kernel/b.ko \ninsmod ${tree}/kernel/a.ko \n`,
    stderr: "",
  });
});

test("on a real machine there is no LCD driver", async () => {
  mkdirSync(join(root, "lib/modules/1.2.3"), { recursive: true });
  writeFileSync(join(root, "lib/modules/1.2.3/modules.dep"), "a.ko:\n");
  const { env, written } = quietEnvironment();
  expect(await lcdModprobe(["lcd-modprobe", "-C", root, "-d", root, "-S", "1.2.3", "a"], env)).toBe(1);
  expect(written.stderr).toContain("lcd-modprobe: cannot open /dev/lcd: no LCD driver is loaded");
});

test("a directory is made with those that it is in, and may be there already", async () => {
  const path = join(root, "a/b/c");
  await nodeFiles.makeDirectory(path);
  await nodeFiles.makeDirectory(path);
  writeFileSync(join(path, "file"), "");
  await expect(nodeFiles.makeDirectory(join(path, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(nodeFiles.makeDirectory(join(path, "file/d"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test.runIf(process.platform === "linux")("where no directory can be made, it is an error", async () => {
  await expect(nodeFiles.makeDirectory("/proc/lcd/a")).rejects.toMatchObject({ code: "ENOENT" });
});

test("started in a directory that was removed, a tool finds no file by a relative name", async () => {
  const cwd = vi.spyOn(process, "cwd").mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, uv_cwd");
  });
  const { env, written } = quietEnvironment();
  cwd.mockRestore();
  expect(await lcdModinfo(["modinfo", "x.ko"], env)).toBe(1);
  // As kmod 30 says in such a directory.
  expect(written.stderr).toBe("modinfo: ERROR: Module x.ko not found.\n");
});

test.skipIf(process.platform === "win32")("what is too big for memory, or has no end, is refused", async () => {
  const path = join(root, "holes.ko");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 40);
  await expect(nodeFiles.readFile(path)).rejects.toMatchObject({ code: "EFBIG" });
  expect(() => nodeFiles.withFile?.(path, ({ length }) => length)).toThrow("has more than");
  await expect(nodeFiles.readFile("/dev/zero")).rejects.toMatchObject({ code: "EFBIG" });
  expect(await nodeFiles.readFile("/dev/null")).toHaveLength(0);
});

test("real files fail with the codes that files in memory fail with", async () => {
  await expect(nodeFiles.readFile(join(root, "nothing"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(nodeFiles.readFile(root)).rejects.toMatchObject({ code: "EISDIR" });
  await expect(nodeFiles.readDirectory(join(root, "nothing"))).rejects.toMatchObject({ code: "ENOENT" });
});

test.skipIf(process.platform === "win32")(
  "links in a circle, links to nothing and what is no file do not keep depmod from its work",
  async () => {
    const tree = join(root, "lib/modules/1.2.3");
    mkdirSync(join(tree, "a/b.ko"), { recursive: true });
    for (const name of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
      writeFileSync(join(tree, name), "");
    writeFileSync(join(tree, "a/good.ko"), makeModule({ exports: ["good"] }));
    symlinkSync("..", join(tree, "a/up"));
    symlinkSync("../a", join(tree, "a/here"));
    symlinkSync("/nowhere", join(tree, "lost.ko"));
    symlinkSync("/nowhere", join(tree, "build"));
    execFileSync("mkfifo", [join(tree, "pipe.ko")]);
    const { env, written } = quietEnvironment();
    expect(await lcdDepmod(["depmod", "-b", root, "1.2.3"], env)).toBe(0);
    expect(readFileSync(join(tree, "modules.dep"), "utf8")).toBe("a/good.ko:\n");
    expect(written.stderr.replaceAll(root, "").split("\n").sort()).toEqual([
      "",
      "depmod: ERROR: fstatat(/lib/modules/1.2.3, lost.ko): No such file or directory",
      "depmod: ERROR: openat(/lib/modules/1.2.3/a, here, O_RDONLY): Too many levels of symbolic links",
      "depmod: ERROR: openat(/lib/modules/1.2.3/a, up, O_RDONLY): Too many levels of symbolic links",
      "depmod: ERROR: unsupported file type /lib/modules/1.2.3/pipe.ko",
    ]);
    // Named, a FIFO that nobody writes to is an empty file.
    expect(await lcdDepmod(["depmod", "-n", "-b", root, "1.2.3", join(tree, "pipe.ko")], env)).toBe(0);
    expect(written.stderr).toContain("pipe.ko: Invalid argument (the file is empty)");
  },
);

test.skipIf(process.platform !== "linux")(
  "names that are no UTF-8 are read, listed and written like others",
  async () => {
    const tree = join(root, "lib/modules/1.2.3");
    const latin1 = (path: string) => Buffer.from(path, "latin1");
    mkdirSync(latin1(`${tree}/d\xf6r`), { recursive: true });
    writeFileSync(latin1(`${tree}/d\xf6r/\xe4.ko`), makeModule({ exports: ["one"] }));
    writeFileSync(join(tree, "b.ko"), makeModule({ imports: ["one"] }));
    for (const name of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
      writeFileSync(join(tree, name), "");
    const { env, written } = quietEnvironment();
    expect(await lcdDepmod(["depmod", "-b", root, "1.2.3"], env)).toBe(0);
    expect(written.stderr).toMatch(/^depmod: WARNING: .*\.ko is left out of it: only 7-bit ASCII is supported\n$/);
    expect(readFileSync(join(tree, "modules.dep"), "latin1").split("\n").sort()).toEqual([
      "",
      "b.ko: d\xf6r/\xe4.ko",
      "d\xf6r/\xe4.ko:",
    ]);
  },
);

test("the bytes of a file stay while another one is read", () => {
  const [outer, inner] = [join(root, "outer"), join(root, "inner")];
  writeFileSync(outer, "first");
  writeFileSync(inner, "other");
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const read = nodeFiles.withFile?.(outer, (bytes) => [nodeFiles.withFile?.(inner, text), text(bytes)]);
  expect(read).toEqual(["other", "first"]);
});
