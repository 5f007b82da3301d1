import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PortBus } from "./bus";
import { COM1, Uart16550 } from "./uart16550";

const [RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
const [THR, FCR] = [RBR, IIR];
const OUT2 = 0x08;
const LOOP = 0x10;

let uart: Uart16550;
let ports: PortBus;
let sent: number[];
let irq: boolean;
/** How often it has risen. */
let rises: number;

const write = (register: number, ...values: number[]): void => {
  for (const value of values) ports.writePort(COM1.port + register, 1, value);
};
const read = (register: number): number => ports.readPort(COM1.port + register, 1);

beforeEach(() => {
  ports = new PortBus();
  sent = [];
  irq = false;
  rises = 0;
  uart = new Uart16550(
    COM1.port,
    {
      set: (level) => {
        if (level && !irq) rises++;
        irq = level;
      },
    },
    (byte) => sent.push(byte),
  );
  uart.connect(ports);
});

describe("transmitting and receiving", () => {
  it("sends bytes at once, the transmitter being always empty", () => {
    expect(read(LSR)).toBe(0x60);
    write(THR, 0x48, 0x69);
    expect([sent, read(LSR)]).toEqual([[0x48, 0x69], 0x60]);
  });

  it("receives one byte after the other, and loses none that the FIFO has no place for", () => {
    const bytes = Array.from({ length: 40 }, (_, index) => index);
    uart.receive(bytes);
    const received: number[] = [];
    while (read(LSR) & 1) received.push(read(RBR));
    expect(received).toEqual(bytes);
  });

  it("has the divisor latch at the first two registers while DLAB is set", () => {
    write(LCR, 0x80);
    expect([read(RBR), read(IER)]).toEqual([12, 0]);
    write(RBR, 0x01);
    write(IER, 0x02);
    expect([read(RBR), read(IER), sent]).toEqual([1, 2, []]);
    write(LCR, 0x03);
    expect([read(IER), read(LCR)]).toEqual([0, 3]);
  });

  it("has a scratch register", () => {
    write(SCR, 0x5a);
    expect(read(SCR)).toBe(0x5a);
  });
});

describe("interrupts (PC16550D, Interrupt Identification Register)", () => {
  it("are none at first", () => {
    expect([read(IIR), irq]).toEqual([0x01, false]);
    write(FCR, 0x01);
    expect(read(IIR)).toBe(0xc1);
  });

  it("tell of an empty transmitter when enabled, and again after each byte, until IIR is read", () => {
    write(IER, 0x02);
    expect([irq, read(IIR)]).toEqual([true, 0x02]);
    expect([irq, read(IIR)]).toEqual([false, 0x01]);
    write(THR, 0x41);
    expect([irq, read(IIR)]).toEqual([true, 0x02]);
  });

  it("tell of received data until it is read, before the transmitter", () => {
    write(IER, 0x03);
    uart.receive([1]);
    expect(read(IIR)).toBe(0x04);
    read(RBR);
    expect(read(IIR)).toBe(0x02);
    expect(irq).toBe(false);
  });

  it("tell of a FIFO that has reached its trigger level, or of one that has timed out below it", () => {
    write(IER, 0x01);
    write(FCR, 0x81);
    uart.receive([1, 2, 3, 4, 5, 6, 7]);
    expect(read(IIR)).toBe(0xcc);
    uart.receive([8]);
    expect(read(IIR)).toBe(0xc4);
  });

  it.each([0x00, 0x01, 0x41, 0x81, 0xc1])(
    "come anew for bytes that wait, when one is read for each: FCR 0x%s",
    (fifoControl) => {
      write(FCR, fifoControl);
      write(IER, 0x01);
      uart.receive(new TextEncoder().encode("typed faster than it is read"));
      const received: number[] = [];
      // As an edge-triggered 8259 sees it.
      while (rises > received.length) received.push(read(RBR));
      expect(String.fromCharCode(...received)).toBe("typed faster than it is read");
    },
  );

  it("come anew for each byte that is sent, when IIR is not read", () => {
    write(IER, 0x02);
    write(THR, 1, 2, 3);
    expect(rises).toBe(4);
  });

  it("tell of an overrun first, until LSR is read", () => {
    write(IER, 0x05);
    write(MCR, OUT2 | LOOP);
    write(THR, 1, 2);
    expect(read(IIR)).toBe(0x06);
    expect([read(LSR), read(LSR), read(RBR)]).toEqual([0x63, 0x61, 2]);
  });

  // On QEMU 7.2 each of these sets bit 4 of the 8259's IRR.
  it.each([0, OUT2, LOOP, OUT2 | LOOP])("reach the interrupt line whatever OUT2 is: MCR 0x%s", (modemControl) => {
    write(MCR, modemControl);
    write(IER, 0x02);
    expect(irq).toBe(true);
  });
});

describe("FIFO control", () => {
  it("empties the receiver, also when FIFOs are switched", () => {
    write(FCR, 0x81);
    uart.receive([1, 2]);
    write(FCR, 0x83);
    expect(read(LSR) & 1).toBe(0);
    uart.receive([3]);
    write(FCR, 0x00);
    expect(read(LSR) & 1).toBe(0);
  });

  it("takes other bits only with the enable bit (PC16550D, FIFO Control Register, FCR0)", () => {
    uart.receive([7]);
    write(FCR, 0x06);
    expect([read(LSR) & 1, read(RBR)]).toEqual([1, 7]);
  });

  it("keeps 16 bytes in a loop, and loses what is sent to a full one", () => {
    write(FCR, 0x01);
    write(MCR, LOOP);
    for (let byte = 0; byte < 20; byte++) write(THR, byte);
    const received: number[] = [];
    expect(read(LSR) & 2).toBe(2);
    while (read(LSR) & 1) received.push(read(RBR));
    expect(received).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(sent).toEqual([]);
  });
});

describe("the modem (PC16550D, Modem Status Register)", () => {
  it("is always ready", () => {
    expect(read(MSR)).toBe(0xb0);
  });

  it("has RTS, DTR, OUT1 and OUT2 at CTS, DSR, RI and DCD in a loop, and says what has changed", () => {
    write(MCR, LOOP);
    expect([read(MSR), read(MSR)]).toEqual([0x0b, 0x00]);
    const inputs = [0x02, 0x01, 0x04, 0x08].map((output) => {
      write(MCR, LOOP | output);
      return read(MSR) & 0xf0;
    });
    expect(inputs).toEqual([0x10, 0x20, 0x40, 0x80]);
  });

  it("tells of the end of a ring, not of its begin", () => {
    write(MCR, LOOP);
    read(MSR);
    write(MCR, LOOP | 0x04);
    expect(read(MSR)).toBe(0x40);
    write(IER, 0x08);
    write(MCR, LOOP);
    expect([read(IIR), read(MSR)]).toEqual([0x00, 0x04]);
  });
});

it("survives any accesses, and has no more than 16 bytes in its FIFO", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(0xff)), { maxLength: 300 }), (writes) => {
      for (const [register, value] of writes) {
        write(register, value);
        expect(read(register ^ 1)).toBeLessThanOrEqual(0xff);
      }
      write(LCR, 0);
      let bytes = 0;
      for (; read(LSR) & 1; bytes++) read(RBR);
      expect(bytes).toBeLessThanOrEqual(16);
    }),
  );
});
