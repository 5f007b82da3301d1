import { readFileSync } from "node:fs";

/** A file of `fixtures/`; `make.sh` there says how it came to be. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));
}

/** What `readelf` said about a fixture, as rows of words. */
export interface ReadelfOutput {
  header(label: string): string;
  /** `[Nr] Name Type Address Off Size ES Flags Lk Inf Al`. */
  readonly sections: {
    name: string;
    type: string;
    address: bigint;
    offset: number;
    size: number;
    entrySize: number;
    flags: string;
    link: number;
    info: number;
    alignment: number;
  }[];
  readonly segments: { type: string; numbers: bigint[]; flags: string; alignment: bigint }[];
  readonly symbols: {
    value: bigint;
    size: bigint;
    type: string;
    binding: string;
    visibility: string;
    section: string;
    name: string;
  }[];
  readonly relocations: { offset: bigint; type: string; symbol: string; addend: bigint }[];
}

/** Reads the text that `make.sh` kept beside a fixture. */
export function readelfOutput(name: string): ReadelfOutput {
  const lines = new TextDecoder().decode(fixture(`${name}.readelf`)).split("\n");
  const rows = (pattern: RegExp): Record<string, string>[] =>
    lines.flatMap((line) => {
      const groups = pattern.exec(line)?.groups;
      return groups === undefined ? [] : [groups];
    });
  const hex = (text = "0"): bigint => BigInt(`0x${text}`);
  return {
    header: (label) => /:\s+(.*?)\s*$/.exec(lines.find((line) => line.includes(label)) ?? "")?.[1] ?? "",
    sections: rows(
      /^ {2}\[ *\d+\] (?<name>\S*) +(?<type>[A-Z]+) +(?<address>[0-9a-f]{8,}) (?<offset>[0-9a-f]+) (?<size>[0-9a-f]+) (?<es>[0-9a-f]{2}) +(?<flags>[A-Z]*) +(?<link>\d+) +(?<info>\d+) +(?<al>\d+)/,
    ).map((row) => ({
      name: row.name ?? "",
      type: row.type ?? "",
      address: hex(row.address),
      offset: Number(hex(row.offset)),
      size: Number(hex(row.size)),
      entrySize: Number(hex(row.es)),
      flags: row.flags ?? "",
      link: Number(row.link),
      info: Number(row.info),
      alignment: Number(row.al),
    })),
    segments: rows(/^ {2}(?<type>[A-Z_]+) +(?<numbers>(?:0x[0-9a-f]+ ){5})(?<flags>[RWE ]{3}) (?<al>0x[0-9a-f]+)/).map(
      (row) => ({
        type: row.type ?? "",
        numbers: (row.numbers ?? "").trim().split(" ").map(BigInt),
        flags: row.flags ?? "",
        alignment: BigInt(row.al ?? 0),
      }),
    ),
    symbols: rows(
      /^ +\d+: (?<value>[0-9a-f]+) +(?<size>\d+) (?<type>\w+) +(?<binding>\w+) +(?<visibility>\w+) +(?<section>\w+) (?<name>\S*)/,
    ).map((row) => ({
      value: hex(row.value),
      size: BigInt(row.size ?? 0),
      type: row.type ?? "",
      binding: row.binding ?? "",
      visibility: row.visibility ?? "",
      section: row.section ?? "",
      name: row.name ?? "",
    })),
    relocations: rows(
      /^(?<offset>[0-9a-f]{8,}) +[0-9a-f]+ (?<type>R_\w+) +[0-9a-f]+ +(?<symbol>\S+)(?: (?<sign>[+-]) (?<addend>[0-9a-f]+))?/,
    ).map((row) => ({
      offset: hex(row.offset),
      type: row.type ?? "",
      symbol: row.symbol ?? "",
      addend: row.sign === "-" ? -hex(row.addend) : hex(row.addend),
    })),
  };
}
