import type { HostKernel } from "lcd-domains";
import { DomainModule } from "lcd-domains";

/** The CRC-16 of some bytes, computed by the kernel's own crc16.ko in a domain. */
export async function crc16(host: HostKernel, bytes: Uint8Array): Promise<number> {
  const module = await DomainModule.load(host, "crc16", { fuel: 100_000_000 });
  try {
    const crc = module.function("crc16");
    return Number((await crc(0, module.bufferOf(bytes), bytes.length)) & 0xffffn);
  } finally {
    module.destroy();
  }
}
