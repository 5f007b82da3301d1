import { expect, test } from "vitest";
import { testEnvironment } from "../testing";
import { lcdRmmod } from "./rmmod";

const files = {
  "/proc/modules": [
    "ext4 983040 0 - Live 0x0",
    "mbcache 16384 1 ext4, Live 0x0",
    "busy 4096 3 - Live 0x0",
    "crc_16 4096 0 - Live 0x0",
    "",
  ].join("\n"),
  "/sys/module/in_kernel/parameters/x": "1\n",
};

async function run(args: readonly string[], result: number | null = 0) {
  const removed: unknown[] = [];
  const env = testEnvironment(files);
  const deleteModule = (name: string, flags: object) => {
    removed.push([name, flags]);
    return result ?? 0;
  };
  const code = await lcdRmmod(["rmmod", ...args], result === null ? env : { ...env, deleteModule });
  return { code, removed, errors: env.errors() };
}

test("modules are taken out in the order given, by name or by file name", async () => {
  expect(await run(["crc-16", "./ext4.ko.xz"])).toEqual({
    code: 0,
    removed: [
      ["crc_16", { force: false, wait: false }],
      ["ext4", { force: false, wait: false }],
    ],
    errors: "",
  });
});

// The words are those of rmmod of kmod 30.
test.each([
  ["nowhere", "Module nowhere is not currently loaded"],
  ["mbcache", "Module mbcache is in use by: ext4"],
  ["busy", "Module busy is in use"],
  ["in_kernel", "Module unloading is not supported"],
])("%s stays: %s", async (name, message) => {
  expect(await run([name])).toEqual({ code: 1, removed: [], errors: `rmmod: ERROR: ${message}\n` });
});

test("-f does not ask, -w leaves the waiting to the kernel", async () => {
  expect((await run(["-f", "mbcache"])).removed).toEqual([["mbcache", { force: true, wait: false }]]);
  expect((await run(["-w", "busy"])).removed).toEqual([["busy", { force: false, wait: true }]]);
});

test("what the kernel refuses is said, and the others are still taken out", async () => {
  expect(await run(["nowhere", "ext4"], -16)).toMatchObject({
    code: 1,
    errors:
      "rmmod: ERROR: Module nowhere is not currently loaded\n" +
      "rmmod: ERROR: could not remove module ext4: Device or resource busy\n",
  });
});

test("a host without a way to take modules out is an error", async () => {
  expect(await run(["ext4"], null)).toEqual({
    code: 1,
    removed: [],
    errors:
      "rmmod: ERROR: could not remove module ext4: Function not implemented\n" +
      "rmmod: ERROR: This host has no way to take modules out\n",
  });
  expect((await run([])).errors).toBe("rmmod: ERROR: missing module name.\n");
});

test("-s writes to the system log where there is one", async () => {
  const env = testEnvironment(files);
  const lines: string[] = [];
  expect(await lcdRmmod(["rmmod", "-s", "nowhere"], { ...env, syslog: (line) => void lines.push(line) })).toBe(1);
  expect(lines).toEqual(["rmmod: ERROR: Module nowhere is not currently loaded\n"]);
  expect(env.errors()).toBe("");
});
