import { isCanonical } from "../../mmu/index";
import { guestSegments, Rights, type SegmentFields, SegmentType, Selector } from "../segments";
import type { Vmcs } from "../vmcs";
import { type Check, isIa32e, isVirtual8086, when } from "./check";

const { es, cs, ss, ds, fs, gs, ldtr, tr } = guestSegments;

const rights = (v: Vmcs, s: SegmentFields): number => v.get32(s.rights);
const usable = (v: Vmcs, s: SegmentFields): boolean => (rights(v, s) & Rights.unusable) === 0;
const type = (v: Vmcs, s: SegmentFields): number => rights(v, s) & Rights.type;
const dpl = (v: Vmcs, s: SegmentFields): number => (rights(v, s) >> Rights.dplShift) & 3;
const rpl = (v: Vmcs, s: SegmentFields): number => v.get32(s.selector) & Selector.rpl;
const isCode = (segmentType: number): boolean => (segmentType & 8) !== 0;

/** A check that counts only while the register is usable. */
const whenUsable = (s: SegmentFields, wrong: string, fails: (v: Vmcs) => boolean): Check => [
  `guest ${s.name} ${wrong}`,
  (v) => usable(v, s) && fails(v),
];

const always = (s: SegmentFields, wrong: string, fails: (v: Vmcs) => boolean): Check => [
  `guest ${s.name} ${wrong}`,
  fails,
];

/** Granularity must fit the limit. */
function limitDisagrees(v: Vmcs, s: SegmentFields): boolean {
  const limit = v.get32(s.limit);
  const granular = (rights(v, s) & Rights.granular) !== 0;
  return granular ? (limit & 0xfff) !== 0xfff : limit >>> 20 !== 0;
}

/** What holds for the access rights of every register: of CS and TR always, of the others while usable. */
function formatChecks(s: SegmentFields, system: boolean, when: typeof whenUsable): readonly Check[] {
  return [
    when(s, "access rights: S", (v) => ((rights(v, s) & Rights.codeOrData) === 0) !== system),
    when(s, "access rights: not present", (v) => (rights(v, s) & Rights.present) === 0),
    when(s, "access rights: a reserved bit", (v) => (rights(v, s) & Rights.reserved) !== 0),
    when(s, "limit and granularity disagree", (v) => limitDisagrees(v, s)),
  ];
}

/** DS, ES, FS and GS. */
function dataChecks(s: SegmentFields): readonly Check[] {
  return [
    whenUsable(s, "type: not accessed, or code that cannot be read", (v) => {
      const segmentType = type(v, s);
      return (segmentType & 1) === 0 || (isCode(segmentType) && (segmentType & 2) === 0);
    }),
    whenUsable(s, "DPL below RPL", (v) => type(v, s) <= 11 && dpl(v, s) < rpl(v, s)),
    ...formatChecks(s, false, whenUsable),
  ];
}

const canonical = (s: SegmentFields): Check => [
  `guest ${s.name} base: not canonical`,
  (v) => !isCanonical(v.get(s.base)),
];
const short = (s: SegmentFields): Check => whenUsable(s, "base: above 4 GiB", (v) => v.get(s.base) >> 32n !== 0n);

/** TR and LDTR. */
const systemChecks: readonly Check[] = [
  ["guest TR selector: TI", (v) => v.has(tr.selector, Selector.ti)],
  whenUsable(ldtr, "selector: TI", (v) => v.has(ldtr.selector, Selector.ti)),
  canonical(tr),
  whenUsable(ldtr, "base: not canonical", (v) => !isCanonical(v.get(ldtr.base))),
  ["guest TR unusable", (v) => !usable(v, tr)],
  ["guest TR type: not a busy TSS of the guest's mode", (v) => !isBusyTss(v, type(v, tr))],
  ...formatChecks(tr, true, always),
  whenUsable(ldtr, "type: not an LDT", (v) => type(v, ldtr) !== SegmentType.ldt),
  ...formatChecks(ldtr, true, whenUsable),
];

/** A 64-bit TSS in IA-32e mode, whose type is that of a 32-bit one; else one of 32 or of 16 bits. */
const isBusyTss = (v: Vmcs, segmentType: number): boolean =>
  segmentType === SegmentType.busyTss64 || (segmentType === SegmentType.busyTss16 && !isIa32e(v));

/** Segments as virtual-8086 mode has them. */
const virtual8086Checks: readonly Check[] = [cs, ss, ds, es, fs, gs].flatMap((s) => [
  always(s, "base: not 16 times the selector", (v) => v.get(s.base) !== v.get(s.selector) << 4n),
  always(s, "limit: not that of virtual-8086 mode", (v) => v.get32(s.limit) !== Virtual8086.limit),
  always(s, "access rights: not those of virtual-8086 mode", (v) => rights(v, s) !== Virtual8086.rights),
]);

const Virtual8086 = { limit: 0xffff, rights: 0xf3 } as const;

const descriptorChecks: readonly Check[] = [
  ["guest SS and CS selectors: RPLs differ", (v) => rpl(v, ss) !== rpl(v, cs)],
  canonical(fs),
  canonical(gs),
  ["guest CS base: above 4 GiB", (v) => v.get(cs.base) >> 32n !== 0n],
  short(ss),
  short(ds),
  short(es),

  ["guest CS type: not accessed code", (v) => (type(v, cs) & 9) !== 9],
  ["guest CS DPL: not that of SS", (v) => type(v, cs) < 13 && dpl(v, cs) !== dpl(v, ss)],
  ["guest CS DPL: conforming, and above that of SS", (v) => type(v, cs) >= 13 && dpl(v, cs) > dpl(v, ss)],
  ...formatChecks(cs, false, always),
  [
    "guest CS: both 64-bit and D",
    (v) => isIa32e(v) && (rights(v, cs) & Rights.long) !== 0 && (rights(v, cs) & Rights.big) !== 0,
  ],

  whenUsable(ss, "type: not accessed read/write data", (v) => type(v, ss) !== 3 && type(v, ss) !== 7),
  ["guest SS DPL: not its RPL", (v) => dpl(v, ss) !== rpl(v, ss)],
  ...formatChecks(ss, false, whenUsable),

  ...dataChecks(ds),
  ...dataChecks(es),
  ...dataChecks(fs),
  ...dataChecks(gs),
];

/** SDM 3C, "Checks on Guest Segment Registers". */
export const segmentChecks: readonly Check[] = [
  ...systemChecks,
  ...when(isVirtual8086, virtual8086Checks),
  ...when((v) => !isVirtual8086(v), descriptorChecks),
];
