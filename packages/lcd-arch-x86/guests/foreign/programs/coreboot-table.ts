/** ELF32 header and program header: offsets of fields, sizes, and the type of a segment that is loaded. */
const Elf = { phoff: 28, phnum: 44, segmentSize: 32, load: 1 } as const;

/** The first address at which the table is looked for. */
const TABLE_ADDRESS = 0x500;
/** The table's header; its entry with the memory map, tag 1: each range of type 1 is RAM. */
const Table = { headerSize: 24, tagMemory: 1, entryHeader: 8, rangeSize: 20, ram: 1 } as const;

/** @returns an ELF32 executable with one more segment: coreboot's table with a memory map of so many bytes of RAM */
export function withCorebootTable(elf: Uint8Array, memory: number): Uint8Array {
  const old = Buffer.from(elf);
  const [phoff, segments] = [old.readUInt32LE(Elf.phoff), old.readUInt16LE(Elf.phnum)];
  const table = corebootTable([
    [0x1000, 0x9fc00 - 0x1000],
    [0x100000, memory - 0x100000],
  ]);
  const headers = Math.ceil(old.length / 16) * 16;
  const file = Buffer.alloc(headers + (segments + 1) * Elf.segmentSize + table.length);
  old.copy(file);
  old.copy(file, headers, phoff, phoff + segments * Elf.segmentSize);
  const added = headers + segments * Elf.segmentSize;
  const place = added + Elf.segmentSize;
  /** Type, offset, virtual and physical address, bytes in the file and in memory, flags, alignment. */
  const header = [Elf.load, place, TABLE_ADDRESS, TABLE_ADDRESS, table.length, table.length, 4, 1];
  header.forEach((value, word) => {
    file.writeUInt32LE(value, added + word * 4);
  });
  table.copy(file, place);
  file.writeUInt32LE(headers, Elf.phoff);
  file.writeUInt16LE(segments + 1, Elf.phnum);
  return file;
}

function corebootTable(ranges: readonly (readonly [base: number, length: number])[]): Buffer {
  const entry = Buffer.alloc(Table.entryHeader + ranges.length * Table.rangeSize);
  entry.writeUInt32LE(Table.tagMemory, 0);
  entry.writeUInt32LE(entry.length, 4);
  ranges.forEach(([base, length], index) => {
    const at = Table.entryHeader + index * Table.rangeSize;
    entry.writeBigUInt64LE(BigInt(base), at);
    entry.writeBigUInt64LE(BigInt(length), at + 8);
    entry.writeUInt32LE(Table.ram, at + 16);
  });
  const header = Buffer.alloc(Table.headerSize);
  header.write("LBIO", 0, "latin1");
  header.writeUInt32LE(Table.headerSize, 4);
  header.writeUInt32LE(entry.length, 12);
  header.writeUInt32LE(checksum(entry), 16);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(checksum(header), 8);
  return Buffer.concat([header, entry]);
}

/** The checksum of the Internet Protocol (RFC 1071), of little-endian words. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16LE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
