import { beforeEach, describe, expect, it } from "vitest";
import { PortBus } from "./bus";
import { KeyboardController } from "./keyboard-controller";

let ports: PortBus;
let resets: number;
/** Levels of the interrupt lines, and how often each has risen. */
let irq: Record<"keyboard" | "mouse", { level: boolean; rises: number }>;

beforeEach(() => {
  ports = new PortBus();
  resets = 0;
  irq = { keyboard: { level: false, rises: 0 }, mouse: { level: false, rises: 0 } };
  const line = (name: keyof typeof irq) => ({
    set: (level: boolean) => {
      if (level && !irq[name].level) irq[name].rises++;
      irq[name].level = level;
    },
  });
  const lines = { keyboardIrq: line("keyboard"), mouseIrq: line("mouse") };
  new KeyboardController({ reset: () => resets++, ...lines }).connect(ports);
});

const command = (value: number, ...data: number[]): void => {
  ports.writePort(0x64, 1, value);
  write(...data);
};
const write = (...data: number[]): void => {
  for (const byte of data) ports.writePort(0x60, 1, byte);
};
const status = (): number => ports.readPort(0x64, 1);
const read = (): number => ports.readPort(0x60, 1);

/** Everything that there is to be read, in hexadecimal; a mouse's bytes have an m. */
function drain(): string {
  const bytes: string[] = [];
  while (status() & 0x01) bytes.push((status() & 0x20 ? "m" : "") + read().toString(16));
  return bytes.join(" ");
}

describe("the controller (values are those of QEMU 7.2)", () => {
  it("resets the machine with command 0xfe, and with others that pulse output 0", () => {
    for (const pulse of [0xfe, 0xf0, 0xff]) command(pulse);
    expect(resets).toBe(2);
  });

  it("resets the machine when bit 0 of the output port is written as 0", () => {
    command(0xd1, 0xdf);
    expect(resets).toBe(0);
    command(0xd1, 0xfe);
    expect(resets).toBe(1);
  });

  it("says in bit 0 of its status that there is something to be read; its input is never full", () => {
    expect(status()).toBe(0x1c);
    command(0xaa);
    expect([status(), read(), status()]).toEqual([0x1d, 0x55, 0x1c]);
    expect(read()).toBe(0x55);
  });

  it.each([
    [0xaa, "55"],
    [0xab, "0"],
    [0xa9, "0"],
    [0xc0, "80"],
    [0xd0, "cf"],
    [0x20, "61"],
  ])("answers command 0x%s", (code, answer) => {
    command(code);
    expect(drain()).toBe(answer);
  });

  it("keeps its command byte, of which commands set the bits that switch devices off", () => {
    command(0x60, 0x47);
    const bytes = [0xad, 0xa7, 0xae, 0xa8].map((code) => {
      command(code);
      command(0x20);
      return drain();
    });
    expect(bytes).toEqual(["57", "77", "67", "47"]);
  });

  it("takes bytes as if they came from a device", () => {
    command(0xd2, 0x1e);
    expect(drain()).toBe("1e");
    command(0xd3, 0x08);
    expect(drain()).toBe("m8");
  });
});

describe("the keyboard and the mouse (values are those of QEMU 7.2)", () => {
  it.each([
    [[0xff], "fa aa"],
    [[0xf2], "fa ab 41"],
    [[0xed, 0x02], "fa fa"],
    [[0xf3, 0x20], "fa fa"],
    [[0xf4], "fa"],
    [[0xee], "ee"],
    [[0x11], "fe"],
  ])("a keyboard answers %s", (bytes, answer) => {
    write(...bytes);
    expect(drain()).toBe(answer);
  });

  it("a keyboard's ID is not translated when the command byte says so", () => {
    command(0x60, 0x21);
    write(0xf2);
    expect(drain()).toBe("fa ab 83");
  });

  it.each([
    [[0xff], "mfa maa m0"],
    [[0xf2], "mfa m0"],
    [[0xf4], "mfa"],
    [[0xeb], "mfa m8 m0 m0"],
    [[0xf3, 0x64], "mfa mfa"],
  ])("a mouse answers %s", (bytes, answer) => {
    for (const byte of bytes) command(0xd4, byte);
    expect(drain()).toBe(answer);
  });

  it("interrupt for each byte, if the command byte lets them", () => {
    write(0xf2);
    expect(irq.keyboard).toEqual({ level: true, rises: 1 });
    drain();
    expect(irq.keyboard).toEqual({ level: false, rises: 3 });
    command(0x60, 0x02);
    write(0xf4);
    expect(irq.keyboard.level).toBe(false);
    drain();
    command(0xd4, 0xf4);
    expect(irq).toEqual({ keyboard: { level: false, rises: 3 }, mouse: { level: true, rises: 1 } });
  });

  it("say nothing while they are switched off, and what they have to say afterwards", () => {
    write(0xf4);
    command(0xad);
    expect(drain()).toBe("fa");
    write(0xee);
    command(0xad);
    expect(drain()).toBe("ee");
    command(0xd4, 0xf2);
    command(0xa7);
    expect(drain()).toBe("mfa");
    command(0xa8);
    expect(drain()).toBe("m0");
  });

  it("keep 16 bytes of answers that nobody reads", () => {
    for (let count = 0; count < 1000; count++) write(0xf4);
    // One more is in the controller.
    expect(drain().split(" ")).toHaveLength(17);
  });
});
