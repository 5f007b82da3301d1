import { LCD_DEVICE, LCD_LOAD_MODULE } from "lcd-domains/uapi";
import type { LcdDevice, ToolEnvironment } from "./environment";
import { describeError, errorCodeOf, errorCodeOfResult } from "./errno";
import { ToolError } from "./errors";
import { moduleNameOfPath } from "./tree/module-name";
import { readModule } from "./tree/read-module";
import { type ForceOptions, NO_FORCE, withoutVersions } from "./tree/without-versions";

/** The LCD driver as the tools use it: instead of the init_module system call, an ioctl (seed 000, SETUP). */
export interface LcdDriver {
  /**
   * Hands a module to the driver.
   *
   * @returns null, or the code with which the driver refused: `EEXIST`, `ENOENT`, ...
   * @throws ToolError when the file cannot be read or decompressed
   */
  load(path: string, options: string): Promise<string | null>;
  close(): void;
}

/** There is no LCD driver: nothing that a tool could load after it would fare better. */
export class NoDriverError extends ToolError {}

/**
 * Opens the driver.
 *
 * @param force what is taken out of modules before they are handed over
 * @throws NoDriverError
 */
export async function openDriver(env: ToolEnvironment, force: ForceOptions = NO_FORCE): Promise<LcdDriver> {
  const device = await openDevice(env);
  return {
    async load(path, options) {
      const image = withoutVersions(await readImage(env, path), force);
      const argument = { image, size: image.length, options, name: moduleNameOfPath(path) };
      try {
        const result = await device.ioctl(LCD_LOAD_MODULE, argument);
        return result < 0 ? errorCodeOfResult(result) : null;
      } catch (error) {
        const code = errorCodeOf(error);
        if (code === null) throw error;
        return code;
      }
    },
    close: () => device.close?.(),
  };
}

async function openDevice(env: ToolEnvironment): Promise<LcdDevice> {
  try {
    return await env.openDevice(LCD_DEVICE);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === null) throw error;
    const why =
      code === "ENOENT" || code === "ENODEV" || code === "ENXIO"
        ? "no LCD driver is loaded (a host that LCD emulates has one: try `lcd modprobe`)"
        : describeError(error);
    throw new NoDriverError(`cannot open ${LCD_DEVICE}: ${why}`);
  }
}

async function readImage(env: ToolEnvironment, path: string): Promise<Uint8Array> {
  try {
    return await readModule(env.files, path);
  } catch (error) {
    if (errorCodeOf(error) === null && !(error instanceof ToolError)) throw error;
    throw new ToolError(`could not read module ${path}: ${describeError(error)}`);
  }
}
