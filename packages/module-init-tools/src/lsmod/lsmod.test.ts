import { expect, test } from "vitest";
import { testEnvironment } from "../testing";
import { lcdLsmod } from "./lsmod";

const modules = [
  "ext4 983040 2 - Live 0x0000000000000000",
  "mbcache 16384 1 ext4, Live 0xffffffffc0000000",
  "a_name_longer_than_nineteen 123456789 2 a,b,[permanent], Live 0x0 (OE)",
  "uncounted 4096 - - Live 0x0",
  "leaving 4096 -1 - Unloading 0x0",
  "garbage",
].join("\n");

// The columns are those that lsmod of kmod 30 prints for the same /proc/modules and /sys/module.
test("modules with their sizes and users, in the order of /proc/modules", async () => {
  const env = testEnvironment({
    "/proc/modules": modules,
    "/sys/module/ext4/coresize": "77\n",
    "/sys/module/ext4/refcnt": "0\n",
    "/sys/module/mbcache/refcnt": "2\n",
    "/sys/module/mbcache/holders/ext4/name": "",
  });
  expect(await lcdLsmod(["lsmod"], env)).toBe(0);
  expect(env.output()).toBe(
    "Module                  Size  Used by\n" +
      "ext4                      77  0\n" +
      "mbcache                16384  2 ext4\n" +
      "a_name_longer_than_nineteen 123456789  2 a,b\n" +
      "uncounted               4096  -2\n" +
      "leaving                 4096  -1\n",
  );
});

test("a host that does not tell, and words, are errors", async () => {
  const env = testEnvironment();
  expect(await lcdLsmod(["lsmod"], env)).toBe(1);
  expect(await lcdLsmod(["lsmod", "x"], env)).toBe(1);
  expect(env.errors()).toBe("Error: could not get list of modules: No such file or directory\nUsage: lsmod\n");
});
