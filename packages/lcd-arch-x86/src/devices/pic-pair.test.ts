import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PortBus } from "./bus";
import { PicPair } from "./pic-pair";

const [MASTER, SLAVE] = [0x20, 0xa0];
const EOI = 0x20;

let pic: PicPair;
let ports: PortBus;
let intr: boolean;

const write = (port: number, ...values: number[]): void => {
  for (const value of values) ports.writePort(port, 1, value);
};
const read = (port: number): number => ports.readPort(port, 1);
const raise = (...irqs: number[]): void => {
  for (const irq of irqs) pic.line(irq).set(true);
};
const lower = (...irqs: number[]): void => {
  for (const irq of irqs) pic.line(irq).set(false);
};

/** Initializes as a PC does: vectors 0x20 and 0x28, all inputs enabled. */
const initialize = (icw4 = 0x01): void => {
  write(MASTER, 0x11);
  write(MASTER + 1, 0x20, 0x04, icw4, 0x00);
  write(SLAVE, 0x11);
  write(SLAVE + 1, 0x28, 0x02, 0x01, 0x00);
};

beforeEach(() => {
  ports = new PortBus();
  pic = new PicPair({
    set: (level) => {
      intr = level;
    },
  });
  pic.connect(ports);
  intr = false;
  initialize();
});

describe("requests and their vectors (8259A, Interrupt Sequence)", () => {
  it("are those of ICW2 with the input's number", () => {
    raise(4);
    expect([intr, pic.acknowledge(), intr]).toEqual([true, 0x24, false]);
    write(MASTER, EOI);
    raise(12);
    expect([intr, pic.acknowledge()]).toEqual([true, 0x2c]);
  });

  it("are served in the order 0, 1, 8 to 15, 3 to 7", () => {
    raise(3, 15, 7, 8, 1, 0);
    const vectors: number[] = [];
    while (intr) {
      const vector = pic.acknowledge();
      vectors.push(vector);
      if (vector >= 0x28) write(SLAVE, EOI);
      write(MASTER, EOI);
    }
    expect(vectors).toEqual([0x20, 0x21, 0x28, 0x2f, 0x23, 0x27]);
  });

  it("are held back by what is in service, unless of higher priority", () => {
    raise(4);
    pic.acknowledge();
    raise(5);
    expect(intr).toBe(false);
    raise(3);
    expect([intr, pic.acknowledge()]).toEqual([true, 0x23]);
    write(MASTER, EOI);
    expect(intr).toBe(false);
    write(MASTER, EOI);
    expect([intr, pic.acknowledge()]).toEqual([true, 0x25]);
  });

  it("need a new edge for each interrupt", () => {
    raise(4);
    pic.acknowledge();
    write(MASTER, EOI);
    expect(intr).toBe(false);
    lower(4);
    raise(4);
    expect(intr).toBe(true);
  });

  it("come again after EOI while the level is high, when ELCR says so", () => {
    write(0x4d0, 0x10);
    raise(4);
    pic.acknowledge();
    expect(intr).toBe(false);
    write(MASTER, EOI);
    expect(intr).toBe(true);
    lower(4);
    expect(intr).toBe(false);
  });

  it("are IRQ 7 when withdrawn before they are acknowledged, and then not in service", () => {
    raise(4);
    lower(4);
    expect(intr).toBe(false);
    expect(pic.acknowledge()).toBe(0x27);
    write(MASTER, 0x0b);
    expect(read(MASTER)).toBe(0);
    raise(10);
    write(SLAVE + 1, 0xff);
    expect(pic.acknowledge()).toBe(0x27);
  });

  it("do not pass while masked", () => {
    write(MASTER + 1, 0x10);
    raise(4);
    expect([intr, read(MASTER + 1)]).toEqual([false, 0x10]);
    write(MASTER + 1, 0x00);
    expect(intr).toBe(true);
  });

  it("do not pass during initialization, which forgets edges", () => {
    raise(4);
    write(MASTER, 0x11);
    expect(intr).toBe(false);
    write(MASTER + 1, 0x20, 0x04, 0x01);
    expect([intr, read(MASTER)]).toEqual([false, 0]);
  });

  it("take ISA's IRQ 2 for 9", () => {
    raise(2);
    expect(pic.acknowledge()).toBe(0x29);
  });
});

describe("initialization (8259A, Initialization Command Words)", () => {
  it("has no ICW3 in single mode, and no ICW4 unless asked for", () => {
    write(MASTER, 0x12);
    write(MASTER + 1, 0x40, 0xab);
    expect(read(MASTER + 1)).toBe(0xab);
  });
});

describe("reads (8259A, Reading the 8259A Status)", () => {
  it("give IRR first, and ISR after OCW3 asked for it", () => {
    raise(1, 4);
    pic.acknowledge();
    expect(read(MASTER)).toBe(0x10);
    write(MASTER, 0x0b);
    expect(read(MASTER)).toBe(0x02);
    write(MASTER, 0x0a);
    expect(read(MASTER)).toBe(0x10);
  });

  it("acknowledge after a poll command", () => {
    write(MASTER, 0x0c);
    expect(read(MASTER)).toBe(0x00);
    raise(6);
    write(MASTER, 0x0c);
    expect([read(MASTER), intr]).toEqual([0x86, false]);
    write(MASTER, 0x0b);
    expect(read(MASTER)).toBe(0x40);
  });
});

describe("ends of interrupts and rotation (8259A, OCW2)", () => {
  const inService = (): number => {
    write(MASTER, 0x0b);
    return read(MASTER);
  };

  it("end the highest, or a specific one", () => {
    raise(5);
    pic.acknowledge();
    raise(3);
    pic.acknowledge();
    expect(inService()).toBe(0x28);
    write(MASTER, 0x65);
    expect(inService()).toBe(0x08);
    write(MASTER, EOI);
    expect(inService()).toBe(0);
  });

  it("make the one that ended the lowest, when rotating", () => {
    raise(4, 5);
    expect(pic.acknowledge()).toBe(0x24);
    write(MASTER, 0xa0);
    lower(4);
    raise(4, 3);
    // The order is now 5 6 7 0 1 2 3 4.
    expect(pic.acknowledge()).toBe(0x25);
    write(MASTER, 0xe5);
    // And now 6 7 0 1 2 3 4 5.
    expect(pic.acknowledge()).toBe(0x23);
  });

  it("set the lowest priority without EOI", () => {
    write(MASTER, 0xc3);
    raise(3, 4);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it("are automatic with AEOI, rotating if asked to", () => {
    initialize(0x03);
    write(MASTER, 0x80);
    raise(4);
    pic.acknowledge();
    expect(inService()).toBe(0);
    lower(4);
    raise(4, 7);
    expect(pic.acknowledge()).toBe(0x27);
  });
});

it("passes on what waits at the slave when that ends interrupts by itself", () => {
  write(SLAVE, 0x11);
  write(SLAVE + 1, 0x28, 0x02, 0x03, 0x00);
  raise(9, 10);
  expect(pic.acknowledge()).toBe(0x29);
  expect(intr).toBe(false);
  write(MASTER, EOI);
  expect([intr, pic.acknowledge()]).toEqual([true, 0x2a]);
});

describe("special modes", () => {
  it("let lower priorities pass when the one in service is masked, in special mask mode", () => {
    raise(3);
    pic.acknowledge();
    raise(6);
    write(MASTER + 1, 0x08);
    expect(intr).toBe(false);
    write(MASTER, 0x68);
    expect([intr, pic.acknowledge()]).toEqual([true, 0x26]);
    write(MASTER, 0x48);
    write(MASTER, 0x63);
    write(MASTER, 0x66);
  });

  it("let the slave interrupt itself, in special fully nested mode", () => {
    raise(12);
    pic.acknowledge();
    raise(8);
    expect(intr).toBe(false);
    lower(8, 12);
    initialize(0x11);
    raise(12);
    pic.acknowledge();
    raise(8);
    expect([intr, pic.acknowledge()]).toEqual([true, 0x28]);
  });
});

it("lets only such inputs be level-triggered as can be (82371SB, Edge/Level Control Registers)", () => {
  write(0x4d0, 0xff);
  write(0x4d1, 0xff);
  expect([read(0x4d0), read(0x4d1)]).toEqual([0xf8, 0xde]);
});

it("survives any writes and any levels, and gives vectors of its own", () => {
  const port = fc.constantFrom(0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1);
  const step = fc.tuple(port, fc.nat(0xff), fc.nat(15), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      for (const [at, value, irq, level] of steps) {
        write(at, value);
        pic.line(irq).set(level);
        read(at ^ 1);
        if (intr) expect(pic.acknowledge()).toBeLessThan(0x100);
      }
    }),
  );
});
