import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileError } from "../files/files";
import { memoryFiles } from "../files/memory-files";
import { mountFiles } from "../files/mount-files";
import { nodeFiles } from "../files/node-files";
import { lcdModprobe } from "../modprobe/modprobe";
import { testEnvironment } from "../testing";
import { troubledFiles } from "../testing/troubled-files";
import { type ConfigPlaces, readConfigFiles } from "./config-files";

const FILES = memoryFiles({
  "/etc/x.d/b.conf": "b",
  "/etc/x.d/a.conf": "a",
  "/etc/x.d/.hidden.conf": "h",
  "/etc/x.d/c.txt": "c",
  "/etc/x.d/secret.conf": "s",
  "/etc/x.d/sub.conf/d.conf": "d",
  "/lib/x.d/a.conf": "other a",
  "/lib/x.d/z.conf": "z",
  "/secret.d/a.conf": "a",
  "/one": "one",
});

/** What is refused to the program. */
const files = {
  ...troubledFiles(FILES, () => undefined),
  readFile: async (path: string) => {
    if (path.endsWith("/secret.conf")) throw new FileError("EACCES", path);
    return FILES.readFile(path);
  },
  readDirectory: async (path: string) => {
    if (path === "/secret.d") throw new FileError("EACCES", path);
    return FILES.readDirectory(path);
  },
};

async function read(places: Omit<ConfigPlaces, "endings">): Promise<string[]> {
  const heard: string[] = [];
  const found = readConfigFiles(files, { endings: [".conf"], ...places }, (problem, path, _, why) =>
    heard.push(`${problem} ${path} ${why}`.trim()),
  );
  for await (const { path, text } of found) heard.push(`${path}: ${text}`);
  return heard;
}

// Which files count, and their order: modprobe.d(5), and what modprobe -c of kmod 30 shows.
test("files are read by their names, each once, and what cannot be read is told", async () => {
  expect(await read({ paths: ["/etc/x.d", "/lib/x.d"] })).toEqual([
    "nested /etc/x.d/sub.conf",
    "/etc/x.d/a.conf: a",
    "/etc/x.d/b.conf: b",
    "file /etc/x.d/secret.conf Permission denied",
    "/lib/x.d/z.conf: z",
  ]);
});

test("places that are not there are none; one that cannot be read is told", async () => {
  expect(await read({ paths: ["/nothing", "/one/below", "/secret.d", "/one"] })).toEqual([
    "directory /secret.d Permission denied",
    "/one: one",
  ]);
});

test("relative places start at the working directory, and are named as they were given", async () => {
  expect(await read({ paths: ["x.d"], cwd: "/lib" })).toEqual(["x.d/a.conf: other a", "x.d/z.conf: z"]);
});

test("what is behind a file, or a link to itself, is not there", async () => {
  const root = mkdtempSync(join(tmpdir(), "config-files-"));
  try {
    writeFileSync(join(root, "one.conf"), "blacklist one\n");
    symlinkSync("loop.conf", join(root, "loop.conf"));
    mkdirSync(join(root, "sub/deep"), { recursive: true });
    symlinkSync("sub/deep", join(root, "link"));
    writeFileSync(join(root, "sub/two.conf"), "blacklist two\n");
    const ask = async (...places: string[]) => {
      const env = { ...testEnvironment(), files: mountFiles({ [root]: nodeFiles, "/": memoryFiles() }), cwd: root };
      const output: string[] = [];
      const args = places.flatMap((place) => ["-C", place]);
      await lcdModprobe(["modprobe", "-c", ...args], { ...env, stdout: (text) => void output.push(text) });
      return [output.join("").split("\n# End")[0], env.errors()];
    };
    expect(await ask("one.conf/", "nothing/../one.conf", "loop.conf", "")).toEqual(["", ""]);
    expect(await ask("./one.conf", "link/../two.conf")).toEqual(["blacklist one\nblacklist two\n", ""]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("of a file with mistakes the rest applies, and each mistake has its line", async () => {
  const huge = "x".repeat(100_000);
  const text = `alias\nblacklist good\n\nf\u00f6\u00f6 bar\noptions a\nblacklist ${huge}\nblacklist end`;
  const env = testEnvironment({ "/etc/modprobe.d/x.conf": text });
  expect(await lcdModprobe(["modprobe", "-c"], env)).toBe(0);
  expect(env.errors()).toBe(
    [
      "line 1: ignoring bad line starting with 'alias'",
      "line 4: ignoring bad line starting with 'f\u00f6\u00f6'",
      "line 5: ignoring bad line starting with 'options'",
    ]
      .map((what) => `modprobe: ERROR: /etc/modprobe.d/x.conf ${what}\n`)
      .join(""),
  );
  expect(env.output().match(/^blacklist \w{1,9}$/gm)).toEqual(["blacklist good", "blacklist end"]);
});
