import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { prebuilt } from "../../test/prebuilt";
import { lcd_create, lcd_destroy } from "../lcd/lifecycle";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "../uapi";
import { LCD_MODPROBE, request_lcd_module } from "./request-module";

function argument(name: string, changes: object = {}): object {
  const image = prebuilt(name);
  return { image, size: image.length, options: "", name, ...changes };
}

describe("request_lcd_module", () => {
  it("runs /sbin/lcd-modprobe with the module's name and parameters", async () => {
    const host = testHost();
    const seen: string[][] = [];
    host.registerUsermodeHelper(LCD_MODPROBE, async (argv) => {
      seen.push([...argv]);
      return 1;
    });
    await expect(request_lcd_module(host, "lz4-compress.ko", ["level=9"])).rejects.toMatchObject({ code: "ENOENT" });
    expect(seen).toEqual([["/sbin/lcd-modprobe", "-q", "--", "lz4_compress", "level=9"]]);
  });

  it("does not run it for a module that is loaded", async () => {
    const host = testHost();
    await request_lcd_module(host, "hello");
    host.registerUsermodeHelper(LCD_MODPROBE, async () => 1);
    await request_lcd_module(host, "hello");
    expect(host.accounting().modules).toEqual(["hello"]);
  });

  it("says that the program is not installed", async () => {
    const host = testHost();
    host.helpers.remove(LCD_MODPROBE);
    await expect(request_lcd_module(host, "hello")).rejects.toMatchObject({
      code: "ENOENT",
      message: "/sbin/lcd-modprobe: no such program is installed in the host",
    });
  });

  it("does not believe a program that says that it loaded a module, and did not", async () => {
    const host = testHost();
    host.registerUsermodeHelper(LCD_MODPROBE, async () => 0);
    await expect(request_lcd_module(host, "hello")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("passes on what a program throws, and lets the next request in", async () => {
    const host = testHost();
    host.registerUsermodeHelper(LCD_MODPROBE, async () => {
      throw new Error("out of ideas");
    });
    await expect(lcd_create(host, "hello")).rejects.toThrow("out of ideas");
    await expect(lcd_create(host, "hello")).rejects.toThrow("out of ideas");
  });

  it("unloads what it loaded for a module that could not be loaded then", async () => {
    const host = testHost();
    const before = host.accounting();
    host.registerUsermodeHelper(LCD_MODPROBE, async (_, { openDevice }) => {
      const device = openDevice(LCD_DEVICE);
      expect(await device.ioctl(LCD_LOAD_MODULE, argument("answer"))).toBe(0);
      expect(host.accounting().modules).toEqual(["answer"]);
      await device.ioctl(LCD_LOAD_MODULE, argument("asker", { options: "no_such_parameter=1" }));
      return 1;
    });
    await expect(lcd_create(host, "asker")).rejects.toMatchObject({ code: "ENOENT" });
    expect(host.accounting()).toEqual(before);
  });
});

describe("/dev/lcd", () => {
  const ioctl = async (request: number, value: unknown) => {
    const host = testHost();
    const before = host.accounting();
    const file = host.devices.open(LCD_DEVICE);
    const result = await file.ioctl(request, value);
    if (result !== 0) expect(host.accounting()).toEqual(before);
    expect(file.lastError === null).toBe(result === 0);
    return result;
  };
  const [ENOEXEC, EFAULT, EEXIST, ENOTTY] = [-8, -14, -17, -25];

  it("loads a module", async () => {
    expect(await ioctl(LCD_LOAD_MODULE, argument("hello"))).toBe(0);
  });

  it("has one request", async () => {
    expect(await ioctl(0x5401, argument("hello"))).toBe(ENOTTY);
  });

  it("refuses arguments that are none", async () => {
    for (const bad of [
      null,
      undefined,
      7,
      "hello",
      {},
      argument("hello", { image: "hello" }),
      argument("hello", { name: 7 }),
    ]) {
      expect(await ioctl(LCD_LOAD_MODULE, bad)).toBe(EFAULT);
    }
  });

  it("refuses a size that the image has not", async () => {
    for (const size of [-1, 0.5, Number.NaN, 1e9]) {
      expect(await ioctl(LCD_LOAD_MODULE, argument("hello", { size }))).toBe(EFAULT);
    }
  });

  it("refuses what is no module", async () => {
    expect(await ioctl(LCD_LOAD_MODULE, argument("hello", { size: 100 }))).toBe(ENOEXEC);
    expect(await ioctl(LCD_LOAD_MODULE, argument("hello", { size: 0 }))).toBe(ENOEXEC);
  });

  it("refuses a module that is loaded", async () => {
    const file = testHost().devices.open(LCD_DEVICE);
    expect(await file.ioctl(LCD_LOAD_MODULE, argument("hello"))).toBe(0);
    expect(await file.ioctl(LCD_LOAD_MODULE, argument("hello"))).toBe(EEXIST);
  });

  it("is gone for a file that is closed", async () => {
    const file = testHost().devices.open(LCD_DEVICE);
    file.close();
    expect(await file.ioctl(LCD_LOAD_MODULE, argument("hello"))).toBe(-9);
  });

  it("is the only device", () => {
    expect(() => testHost().devices.open("/dev/kvm")).toThrowError(expect.objectContaining({ code: "ENODEV" }));
  });
});

describe("what is loaded", () => {
  it("for a domain goes with the last domain that has it", async () => {
    const host = testHost();
    const before = host.accounting();
    const both = [await lcd_create(host, "asker"), await lcd_create(host, "asker")];
    lcd_destroy(both[0]);
    expect(host.accounting().modules).toEqual(["asker", "answer"]);
    lcd_destroy(both[1]);
    expect(host.accounting()).toEqual(before);
  });

  it("because somebody asked for it stays when a domain of it goes", async () => {
    const host = testHost();
    await request_lcd_module(host, "answer");
    lcd_destroy(await lcd_create(host, "asker"));
    expect(host.accounting().modules).toEqual(["answer"]);
    expect(() => host.shutdown()).toThrowError(expect.objectContaining({ code: "EBUSY" }));
  });

  it("by somebody else meanwhile is not taken back with a request that fails", async () => {
    const host = testHost();
    host.registerUsermodeHelper(LCD_MODPROBE, async () => {
      await host.devices.open(LCD_DEVICE).ioctl(LCD_LOAD_MODULE, argument("hello"));
      return 1;
    });
    await expect(request_lcd_module(host, "nothing")).rejects.toMatchObject({ code: "ENOENT" });
    expect(host.accounting().modules).toEqual(["hello"]);
  });
});

describe("a host kernel", () => {
  it("cannot be shut down while a domain exists", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello");
    expect(() => host.shutdown()).toThrowError(expect.objectContaining({ code: "EBUSY" }));
    lcd_destroy(lcd);
    host.shutdown();
    expect([...host.pages.usage()]).toEqual([]);
  });

  it("says so in its log when it has booted", () => {
    expect(testHost({ processors: 3 }).dmesg()).toMatch(/^\[ {4}0\.000000\] lcd: VMX is on on 3 processors, \d+ pages/);
  });
});
