import { KernelError } from "lcd-arch-x86";

/** An open device. */
export interface DeviceFile {
  /**
   * Asks the driver for something that read and write cannot say.
   *
   * @returns 0 or more, or a negative errno; then `lastError` says more
   */
  ioctl(request: number, argument: unknown): Promise<number>;
  /** Why the last ioctl gave a negative errno; `null` when it did not. */
  readonly lastError: KernelError | null;
  close(): void;
}

/** What a driver offers. */
export interface DeviceDriver {
  open(): DeviceFile;
}

/** The host's devices by path. */
export class DeviceTable {
  private readonly drivers = new Map<string, DeviceDriver>();

  /** Makes a driver reachable at `path`; call the result to take it away. @throws KernelError EEXIST */
  register(path: string, driver: DeviceDriver): () => void {
    if (this.drivers.has(path)) throw new KernelError("EEXIST", `${path}: another driver is registered there`);
    this.drivers.set(path, driver);
    return () => this.drivers.delete(path);
  }

  /** @throws KernelError ENODEV when no driver is registered at `path` */
  open(path: string): DeviceFile {
    const driver = this.drivers.get(path);
    if (driver === undefined) throw new KernelError("ENODEV", `${path}: no driver is registered for this device`);
    return driver.open();
  }
}
