import { errnoOf, KernelError } from "lcd-arch-x86";
import { LCD_LOAD_MODULE, type LcdLoadModule } from "../uapi";
import type { DeviceDriver, DeviceFile } from "./devices";
import type { HostModule, ModuleTable } from "./module-table";

/** The LCD driver, `/dev/lcd`: loads modules that are destined for an lcd (seed 000, SETUP). */
export function lcdDriver(modules: ModuleTable): DeviceDriver {
  return { open: () => new LcdDeviceFile(modules) };
}

/** `/dev/lcd`, opened by a program. */
export class LcdDeviceFile implements DeviceFile {
  lastError: KernelError | null = null;
  /** What was loaded through this file. */
  readonly loaded: HostModule[] = [];
  private readonly modules: ModuleTable;
  private open = true;

  constructor(modules: ModuleTable) {
    this.modules = modules;
  }

  async ioctl(request: number, argument: unknown): Promise<number> {
    this.lastError = null;
    try {
      if (!this.open) throw new KernelError("EBADF", "/dev/lcd: the file is closed");
      this.loaded.push(loadModule(this.modules, request, argument));
      return 0;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.lastError = error;
      return -errnoOf(error.code);
    }
  }

  close(): void {
    this.open = false;
  }
}

function loadModule(modules: ModuleTable, request: number, argument: unknown): HostModule {
  if (request !== LCD_LOAD_MODULE) {
    throw new KernelError("ENOTTY", `/dev/lcd has no ioctl 0x${request.toString(16)}`);
  }
  if (!isLoadModule(argument))
    throw new KernelError("EFAULT", "LCD_LOAD_MODULE: image, size, options or name is missing");
  const { image, size, options, name } = argument;
  if (!Number.isInteger(size) || size < 0 || size > image.length) {
    throw new KernelError("EFAULT", `LCD_LOAD_MODULE of ${name}: ${size} bytes of an image that has ${image.length}`);
  }
  return modules.load({ image: image.subarray(0, size), name, options });
}

function isLoadModule(argument: unknown): argument is LcdLoadModule {
  if (typeof argument !== "object" || argument === null) return false;
  const fields = argument as Readonly<Record<string, unknown>>;
  return (
    fields.image instanceof Uint8Array &&
    typeof fields.size === "number" &&
    typeof fields.options === "string" &&
    typeof fields.name === "string"
  );
}
