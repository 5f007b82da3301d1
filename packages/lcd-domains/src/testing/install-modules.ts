import { errnoOf } from "lcd-arch-x86";
import type { DeviceFile } from "../host/devices";
import type { HostKernel } from "../host/host-kernel";
import { LCD_MODPROBE } from "../host/request-module";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "../uapi";

/** Where modules come from: the image of one by its name, and the names of those that it needs, the first to load first. */
export interface ModuleSet {
  image(name: string): Uint8Array | undefined;
  needs(name: string): readonly string[];
}

/** Installs a small stand-in for `/sbin/lcd-modprobe`, without files and without options of its own. */
export function installModules(host: HostKernel, modules: ModuleSet): void {
  host.registerUsermodeHelper(LCD_MODPROBE, async (argv, context) => {
    const [name, ...options] = argv.slice(argv.indexOf("--") + 1);
    const device = context.openDevice(LCD_DEVICE);
    for (const needed of modules.needs(name)) {
      if ((await load(modules, device, needed, "")) !== 0) return 1;
    }
    return load(modules, device, name, options.join(" "));
  });
}

async function load(modules: ModuleSet, device: DeviceFile, name: string, options: string): Promise<number> {
  const image = modules.image(name);
  if (image === undefined) return 1;
  const result = await device.ioctl(LCD_LOAD_MODULE, { image, size: image.length, options, name });
  return result === 0 || result === -errnoOf("EEXIST") ? 0 : 1;
}
