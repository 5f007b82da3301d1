import type { Processor } from "../../cpu/processor";
import { gprNames, Segment } from "../../cpu/state";

const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, "0");

const rows = (cells: readonly string[], columns: number): string =>
  Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) =>
    cells.slice(row * columns, (row + 1) * columns).join("  "),
  ).join("\n");

/** A processor's registers as text, for a person: general-purpose, segment, control registers. */
export function describeProcessor(p: Processor): string {
  const { state } = p;
  const general = gprNames.map((name, register) => `${name.padEnd(3)} ${hex(p.gpr[register], 16)}`);
  const segments = Object.entries(Segment).map(([name, register]) => {
    const [selector, limit, rights] = [
      state.get32("segmentSelector", register),
      state.get32("segmentLimit", register),
      state.get32("segmentRights", register),
    ];
    return `${name.padEnd(4)} ${hex(selector, 4)}  base ${hex(state.get64("segmentBase", register), 16)}  limit ${hex(limit, 8)}  rights ${hex(rights, 5)}`;
  });
  const tables = (["gdtr", "idtr"] as const).map(
    (name) => `${name} base ${hex(state.get64(`${name}Base`), 16)}  limit ${hex(state.get32(`${name}Limit`), 4)}`,
  );
  const control = (["cr0", "cr2", "cr3", "cr4", "efer"] as const).map(
    (name) => `${name} ${hex(state.get64(name), 16)}`,
  );
  return [
    `rip ${hex(p.rip, 16)}  rflags ${hex(p.rflags, 8)}  cpl ${state.get32("cpl")}`,
    rows(general, 4),
    ...segments,
    ...tables,
    rows(control, 3),
  ].join("\n");
}
