import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { decompressModule } from "../src";
import type { CampaignKind } from "./kind";
import { joined, pick, spoilt } from "./mutations";
import { attempt, runDepmod, runTools, TREE } from "./tools";

/** Compressed modules with something wrong in them. Of xz and zstd only where those tools are installed. */
export function spoiltArchives(modules: readonly Uint8Array[]): CampaignKind {
  const archives = modules.flatMap((bytes) => [
    gzipSync(bytes),
    ...compressed("xz", ["--check=crc32"], bytes),
    ...compressed("xz", ["--check=crc64", "--block-size=1000"], bytes),
    ...compressed("zstd", ["-q"], bytes),
    ...compressed("zstd", ["-q", "-1", "--no-check", "--no-content-size"], bytes),
    rawZstd(bytes),
  ]);
  return {
    seconds: 2,
    megabytes: 1500,
    async run(_, random, outcome) {
      let bytes = spoilt(pick(archives, random), random);
      if (random.below(4) === 0) bytes = joined([pick(archives, random), bytes]);
      await attempt("decompressModule", () => decompressModule(bytes), outcome);
      const files = await runDepmod({ [`${TREE}/x.ko.xz`]: bytes }, "", outcome);
      await runTools([`modinfo ${TREE}/x.ko.xz`, `insmod ${TREE}/x.ko.xz`, "modprobe x"], files, outcome);
    },
  };
}

const MIB = 2 ** 20;

/** Small files that become gigabytes. */
export function bombs(): CampaignKind {
  const zeros = new Uint8Array(16 * MIB);
  const repeated = (piece: Uint8Array) => joined(Array.from({ length: 128 }, () => piece));
  const files: readonly (() => Uint8Array)[] = [
    () => repeated(gzipSync(zeros)),
    () => repeated(compressed("xz", ["--check=crc32"], zeros)[0] ?? new Uint8Array(0)),
    () => repeated(compressed("zstd", ["-q"], zeros)[0] ?? new Uint8Array(0)),
    () => zstdOf(Array.from({ length: 20_000 }, () => ({ type: 1, size: 128 * 1024, bytes: Uint8Array.of(0) }))),
    // Frames that say they need much, and have nothing.
    () => repeated(Uint8Array.of(...ZSTD_MAGIC, 0, 0x88, 1, 0, 0)),
    () => Uint8Array.of(...ZSTD_MAGIC, 0xe0, 0, 0, 0, 0x1f, 0, 0, 0, 0, 1, 0, 0),
    // One in the other: the outer is read, the inner is no module.
    () => gzipSync(repeated(gzipSync(zeros))),
  ];
  return {
    cases: files.length,
    seconds: 30,
    megabytes: 2000,
    async run(at, _, outcome) {
      const bytes = files[at % files.length]?.() ?? new Uint8Array(0);
      const tree = Object.fromEntries(["a", "b", "c"].map((name) => [`${TREE}/${name}.ko.gz`, bytes]));
      const indexed = await runDepmod(tree, "", (what) => outcome(`bomb ${at % files.length}, ${what}`));
      if (!indexed.text(`${TREE}/modules.dep`).includes("a.ko.gz:")) throw new Error("depmod has left out a module");
    },
  };
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** A zstd frame whose blocks are not compressed (RFC 8878, 3.1.1). */
function rawZstd(bytes: Uint8Array): Uint8Array {
  const blocks: { type: number; size: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; at += 1000) {
    const part = bytes.subarray(at, at + 1000);
    blocks.push({ type: 0, size: part.length, bytes: part });
  }
  return zstdOf(blocks);
}

/** A frame of a window of 128 KiB, without content size and checksum. */
function zstdOf(
  blocks: readonly { readonly type: number; readonly size: number; readonly bytes: Uint8Array }[],
): Uint8Array {
  const parts = blocks.flatMap(({ type, size, bytes }, i) => {
    const header = (size << 3) | (type << 1) | (i === blocks.length - 1 ? 1 : 0);
    return [Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), bytes];
  });
  return joined([Uint8Array.of(...ZSTD_MAGIC, 0, 0x38), ...parts]);
}

function compressed(tool: string, options: readonly string[], input: Uint8Array): Uint8Array[] {
  const { stdout, status } = spawnSync(tool, ["-c", ...options], { input, maxBuffer: 1 << 28 });
  return status === 0 ? [new Uint8Array(stdout)] : [];
}
