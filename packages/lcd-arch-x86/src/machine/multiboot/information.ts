import { type E820Range, E820Type } from "../../devices/e820";
import { MultibootError } from "./error";

/** Flags of the information structure: which of its fields are valid (3.3). */
const InformationFlag = {
  memory: 1 << 0,
  commandLine: 1 << 2,
  modules: 1 << 3,
  memoryMap: 1 << 6,
  loaderName: 1 << 9,
} as const;

/** Byte offsets of the fields that are filled in (3.3, "Boot information format"). */
const Field = {
  flags: 0,
  memoryLower: 4,
  memoryUpper: 8,
  commandLine: 16,
  moduleCount: 20,
  modules: 24,
  mapLength: 44,
  map: 48,
  loaderName: 64,
} as const;
const INFORMATION_SIZE = 116;
const MODULE_SIZE = 16;
/** A map entry: 4 bytes that say how long the rest is, then base, length and type. */
const MAP_ENTRY_SIZE = 24;

const KIB = 1024;
const MIB = KIB * KIB;
/** RAM below the extended BIOS data area, in KiB, and no more than 640 (3.3, "mem_lower"). */
const MAX_LOWER = 640;

/** A module, where it has been loaded. */
export interface LoadedModule {
  readonly start: number;
  readonly end: number;
  /** What its string says: by custom its file's name and arguments. */
  readonly text: string;
}

/** What a kernel is told. */
export interface MultibootInformation {
  readonly commandLine: string;
  readonly loaderName: string;
  readonly modules: readonly LoadedModule[];
  readonly memoryMap: readonly E820Range[];
}

/**
 * Writes the Multiboot information structure and what it points to.
 *
 * @param base physical address at which the structure begins
 * @param room bytes that there are
 * @returns the bytes to be put at `base`
 * @throws MultibootError when they do not fit
 */
export function encodeInformation(information: MultibootInformation, base: number, room: number): Uint8Array {
  const { commandLine, loaderName, modules, memoryMap } = information;
  const strings = [commandLine, loaderName, ...modules.map(({ text }) => text)].map(zeroTerminated);
  const map = INFORMATION_SIZE + modules.length * MODULE_SIZE;
  const texts = map + memoryMap.length * MAP_ENTRY_SIZE;
  const size = strings.reduce((sum, { length }) => sum + length, texts);
  if (size > room) {
    throw new MultibootError(
      `the command line, the modules' names and the memory map take ${size} bytes; there is room for ${room}`,
    );
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number): void => view.setUint32(at, value, true);
  const places: number[] = [];
  for (let at = texts; places.length < strings.length; at += strings[places.length - 1].length) {
    bytes.set(strings[places.length], at);
    places.push(base + at);
  }
  put(
    Field.flags,
    Object.values(InformationFlag).reduce((all, flag) => all | flag, 0),
  );
  put(Field.memoryLower, Math.min(ramFrom(memoryMap, 0) / KIB, MAX_LOWER));
  put(Field.memoryUpper, ramFrom(memoryMap, MIB) / KIB);
  put(Field.commandLine, places[0]);
  put(Field.loaderName, places[1]);
  put(Field.moduleCount, modules.length);
  put(Field.modules, base + INFORMATION_SIZE);
  modules.forEach(({ start, end }, index) => {
    const at = INFORMATION_SIZE + index * MODULE_SIZE;
    [start, end, places[index + 2], 0].forEach((value, word) => put(at + word * 4, value));
  });
  put(Field.mapLength, memoryMap.length * MAP_ENTRY_SIZE);
  put(Field.map, base + map);
  memoryMap.forEach((entry, index) => {
    const at = map + index * MAP_ENTRY_SIZE;
    put(at, MAP_ENTRY_SIZE - 4);
    view.setBigUint64(at + 4, BigInt(entry.base), true);
    view.setBigUint64(at + 12, BigInt(entry.length), true);
    put(at + 20, entry.type);
  });
  return bytes;
}

const zeroTerminated = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

/** Bytes of RAM from an address on, up to the first hole. */
function ramFrom(map: readonly E820Range[], address: number): number {
  const entry = map.find(
    ({ base, length, type }) => type === E820Type.ram && base <= address && address < base + length,
  );
  return entry === undefined ? 0 : Math.floor(entry.base + entry.length - address);
}
