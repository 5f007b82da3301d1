import { expect, test } from "vitest";
import type { SyslogMessage } from "../environment";
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
  "/ext4.ko.xz": "",
  "/lib/modules/6.1.0/modules.builtin": "kernel/core-part.ko\nkernel/ext4.ko\n",
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

test("modules are taken out in the order given, by name or by the name of a file that is there", async () => {
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
  ["core-part", "Module core_part is builtin."],
  ["ext4", "Module ext4 is builtin."],
  ["x/ext4.ko", "Module x/ext4 is not currently loaded"],
])("%s stays: %s", async (name, message) => {
  expect(await run([name])).toEqual({ code: 1, removed: [], errors: `rmmod: ERROR: ${message}\n` });
});

test("-f does not ask, -w leaves the waiting to the kernel", async () => {
  expect((await run(["-f", "mbcache"])).removed).toEqual([["mbcache", { force: true, wait: false }]]);
  expect((await run(["-w", "busy"])).removed).toEqual([["busy", { force: false, wait: true }]]);
});

test("what the kernel refuses is said, and the others are still taken out", async () => {
  expect(await run(["nowhere", "crc-16"], -16)).toMatchObject({
    code: 1,
    removed: [["crc_16", { force: false, wait: false }]],
    errors:
      "rmmod: ERROR: Module nowhere is not currently loaded\n" +
      "rmmod: ERROR: could not remove module crc-16: Device or resource busy\n",
  });
});

test("a host without a way to take modules out is an error", async () => {
  expect(await run(["crc_16"], null)).toEqual({
    code: 1,
    removed: [],
    errors:
      "rmmod: ERROR: could not remove module crc_16: Function not implemented\n" +
      "rmmod: ERROR: This host has no way to take modules out\n",
  });
  expect((await run([])).errors).toBe("rmmod: ERROR: missing module name.\n");
});

// What rmmod of kmod 30 sends to /dev/log begins with <27>: the daemon facility (3 * 8), priority err (3).
test("-s writes to the system log where there is one", async () => {
  const env = testEnvironment(files);
  const said: SyslogMessage[] = [];
  const withLog = { ...env, syslog: (message: SyslogMessage) => void said.push(message) };
  expect(await lcdRmmod(["rmmod", "-s", "nowhere"], withLog)).toBe(1);
  expect(said).toEqual([{ program: "rmmod", priority: "err", text: "ERROR: Module nowhere is not currently loaded" }]);
  expect(env.errors()).toBe("");
});

test("-s leaves what is wrong with the command line, and a host without a system log, to standard error", async () => {
  const env = testEnvironment(files);
  const syslog = () => expect.unreachable();
  expect(await lcdRmmod(["rmmod", "-s", "--bad"], { ...env, syslog })).toBe(1);
  expect(await lcdRmmod(["rmmod", "-s", "nowhere"], env)).toBe(1);
  expect(env.errors()).toBe(
    "rmmod: unrecognized option '--bad'\nrmmod: ERROR: Module nowhere is not currently loaded\n",
  );
});
