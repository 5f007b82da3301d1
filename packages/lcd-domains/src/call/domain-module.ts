import { __gva, type gva_t, KernelError } from "lcd-arch-x86";
import type { HostKernel } from "../host/host-kernel";
import { FIRST_FRAME } from "../lcd/layout";
import type { Lcd } from "../lcd/lcd";
import { type LcdOptions, lcd_config, lcd_create, lcd_destroy, lcd_run, startAddress } from "../lcd/lifecycle";
import type { ThreadStartOptions } from "../thread/lifecycle";
import type { ThreadResult } from "../thread/result";
import { BufferArena, type DomainBuffer } from "./buffers";
import { DomainCallError } from "./call-error";

/** An argument of a function: an integer, modulo 2^64, or a pointer to a buffer. */
export type CallArgument = bigint | number | DomainBuffer;

/** A function of a module in a domain: takes up to six arguments, gives what it leaves in rax, 0 to 2^64 - 1. */
export type DomainFunction = (...args: CallArgument[]) => Promise<bigint>;

/**
 * A module in a domain of its own, whose functions the host calls one after another, under the C ABI. What one call
 * leaves in the module's data is there for the next.
 */
export class DomainModule {
  readonly lcd: Lcd;
  private readonly buffers: BufferArena;
  private readonly limits: ThreadStartOptions;
  private busy = false;

  private constructor(lcd: Lcd, limits: ThreadStartOptions) {
    this.lcd = lcd;
    this.buffers = new BufferArena(lcd);
    this.limits = limits;
  }

  /**
   * Makes a domain from a module, as `lcd_create` does. Nothing of it runs before the first call, not even init.
   *
   * @param options `fuel` is a limit for each call
   * @throws KernelError as `lcd_create`
   */
  static async load(
    host: HostKernel,
    name: string,
    options: LcdOptions & ThreadStartOptions = {},
  ): Promise<DomainModule> {
    return new DomainModule(await lcd_create(host, name, options), options);
  }

  /**
   * A function by the name of its symbol: an exported one, or any other function of the module.
   *
   * @throws KernelError ENOENT
   */
  function(symbol: string): DomainFunction {
    const address = this.addressOf(symbol);
    return (...args) => this.value(symbol, address, args);
  }

  /** A zeroed buffer in the domain. @throws KernelError EINVAL, ENOMEM */
  allocate(length: number): DomainBuffer {
    return this.buffers.allocate(length);
  }

  /** A buffer in the domain with these bytes. @throws KernelError EINVAL, ENOMEM */
  bufferOf(bytes: Uint8Array): DomainBuffer {
    const buffer = this.allocate(Math.max(1, bytes.length));
    buffer.write(bytes);
    return buffer;
  }

  /**
   * Calls a function, and tells how that ended, however it ended.
   *
   * @throws KernelError ENOENT; EBUSY while another call runs; EINVAL when the domain was ended before
   */
  async call(symbol: string, ...args: CallArgument[]): Promise<ThreadResult> {
    return this.run(this.addressOf(symbol), args);
  }

  /** Destroys the domain. */
  destroy(): void {
    lcd_destroy(this.lcd);
  }

  private async value(symbol: string, address: gva_t, args: readonly CallArgument[]): Promise<bigint> {
    const result = await this.run(address, args);
    if (result.kind !== "exited") throw new DomainCallError(this.lcd.name, symbol, result);
    return result.value;
  }

  private async run(address: gva_t, args: readonly CallArgument[]): Promise<ThreadResult> {
    if (this.busy)
      throw new KernelError("EBUSY", `a function of domain ${this.lcd.name} still runs: calls come one after another`);
    const { lcd } = this;
    const thread = lcd.init_thread;
    const values = args.map((arg) => (typeof arg === "object" ? BigInt(arg.address) : BigInt(arg)));
    if (lcd.status === "embryo") lcd_config(lcd, { function: address, arguments: values });
    else {
      thread.prepare({ pc: startAddress(lcd.host), sp: __gva(FIRST_FRAME), function: address, arguments: values });
    }
    thread.fuel = this.limits.fuel ?? Number.POSITIVE_INFINITY;
    this.busy = true;
    try {
      if (lcd.status === "configured") lcd_run(lcd);
      else thread.makeRunnable();
      return await thread.wait();
    } finally {
      this.busy = false;
    }
  }

  private addressOf(name: string): gva_t {
    const { loaded } = this.lcd.module;
    const exported = loaded.exports.get(name);
    if (exported !== undefined) return exported.value;
    const symbol = loaded.symbols.find((candidate) => candidate.name === name && candidate.kind === "function");
    if (symbol === undefined) throw new KernelError("ENOENT", `module ${loaded.name} has no function ${name}`);
    return symbol.address;
  }
}
