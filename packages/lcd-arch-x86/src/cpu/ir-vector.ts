import type { ValueType } from "./ir";

/** How an opcode with a prefix byte is written in the tables: the prefix above the number that follows it. */
const prefixed = (prefix: number) => (number: number) => (prefix << 16) | number;
const simd = prefixed(0xfd);
const saturating = prefixed(0xfc);

type Shape = "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2";
type Entry = readonly [opcode: number, result: ValueType];

/** Operations of one shape, numbered one after another from `first`; names that are null are not there. */
function run<const Name extends string>(
  shape: Shape,
  first: number,
  names: readonly (Name | null)[],
  result: ValueType = "v128",
): Record<`${Shape}.${Name}`, Entry> {
  const entries = names.flatMap((name, at) =>
    name === null ? [] : [[`${shape}.${name}`, [simd(first + at), result]]],
  );
  return Object.fromEntries(entries) as Record<`${Shape}.${Name}`, Entry>;
}

const compares = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"] as const;
const floatCompares = ["eq", "ne", "lt", "gt", "le", "ge"] as const;
const floatArithmetic = ["abs", "neg", null, "sqrt", "add", "sub", "mul", "div", "min", "max", "pmin", "pmax"] as const;

/** Scalar floating point: opcode and result type (Core Specification, "Numeric Instructions"). */
export const floatOperations = {
  "f32.eq": [0x5b, "i32"],
  "f32.ne": [0x5c, "i32"],
  "f32.lt": [0x5d, "i32"],
  "f32.gt": [0x5e, "i32"],
  "f32.le": [0x5f, "i32"],
  "f32.ge": [0x60, "i32"],
  "f64.eq": [0x61, "i32"],
  "f64.ne": [0x62, "i32"],
  "f64.lt": [0x63, "i32"],
  "f64.gt": [0x64, "i32"],
  "f64.le": [0x65, "i32"],
  "f64.ge": [0x66, "i32"],
  "f32.abs": [0x8b, "f32"],
  "f32.neg": [0x8c, "f32"],
  "f32.ceil": [0x8d, "f32"],
  "f32.floor": [0x8e, "f32"],
  "f32.trunc": [0x8f, "f32"],
  "f32.nearest": [0x90, "f32"],
  "f32.sqrt": [0x91, "f32"],
  "f32.add": [0x92, "f32"],
  "f32.sub": [0x93, "f32"],
  "f32.mul": [0x94, "f32"],
  "f32.div": [0x95, "f32"],
  "f64.abs": [0x99, "f64"],
  "f64.neg": [0x9a, "f64"],
  "f64.ceil": [0x9b, "f64"],
  "f64.floor": [0x9c, "f64"],
  "f64.trunc": [0x9d, "f64"],
  "f64.nearest": [0x9e, "f64"],
  "f64.sqrt": [0x9f, "f64"],
  "f64.add": [0xa0, "f64"],
  "f64.sub": [0xa1, "f64"],
  "f64.mul": [0xa2, "f64"],
  "f64.div": [0xa3, "f64"],
  "f32.convert_i32_s": [0xb2, "f32"],
  "f32.convert_i64_s": [0xb4, "f32"],
  "f32.demote_f64": [0xb6, "f32"],
  "f64.convert_i32_s": [0xb7, "f64"],
  "f64.convert_i64_s": [0xb9, "f64"],
  "f64.promote_f32": [0xbb, "f64"],
  "i32.reinterpret_f32": [0xbc, "i32"],
  "i64.reinterpret_f64": [0xbd, "i64"],
  "f32.reinterpret_i32": [0xbe, "f32"],
  "f64.reinterpret_i64": [0xbf, "f64"],
  "i32.trunc_sat_f32_s": [saturating(0), "i32"],
  "i32.trunc_sat_f64_s": [saturating(2), "i32"],
  "i64.trunc_sat_f32_s": [saturating(4), "i64"],
  "i64.trunc_sat_f64_s": [saturating(6), "i64"],
  "f32.select": [0x1b, "f32"],
  "f64.select": [0x1b, "f64"],
} as const satisfies Record<string, Entry>;

/** Vectors of 128 bits: opcode and result type (Core Specification, "Vector Instructions"). */
export const vectorOperations = {
  "v128.select": [0x1b, "v128"] as Entry,
  "i8x16.swizzle": [simd(14), "v128"] as Entry,
  "i8x16.splat": [simd(15), "v128"] as Entry,
  "i16x8.splat": [simd(16), "v128"] as Entry,
  "i32x4.splat": [simd(17), "v128"] as Entry,
  "i64x2.splat": [simd(18), "v128"] as Entry,
  "f32x4.splat": [simd(19), "v128"] as Entry,
  "f64x2.splat": [simd(20), "v128"] as Entry,
  "v128.not": [simd(77), "v128"] as Entry,
  "v128.and": [simd(78), "v128"] as Entry,
  /** andnot(a, b) is a AND NOT b: PANDN has its operands the other way round. */
  "v128.andnot": [simd(79), "v128"] as Entry,
  "v128.or": [simd(80), "v128"] as Entry,
  "v128.xor": [simd(81), "v128"] as Entry,
  "v128.bitselect": [simd(82), "v128"] as Entry,
  "v128.any_true": [simd(83), "i32"] as Entry,
  "f32x4.demote_f64x2_zero": [simd(94), "v128"] as Entry,
  "f64x2.promote_low_f32x4": [simd(95), "v128"] as Entry,
  "i8x16.all_true": [simd(99), "i32"] as Entry,
  "i8x16.bitmask": [simd(100), "i32"] as Entry,
  "i16x8.all_true": [simd(131), "i32"] as Entry,
  "i16x8.bitmask": [simd(132), "i32"] as Entry,
  "i32x4.all_true": [simd(163), "i32"] as Entry,
  "i32x4.bitmask": [simd(164), "i32"] as Entry,
  "i64x2.all_true": [simd(195), "i32"] as Entry,
  "i64x2.bitmask": [simd(196), "i32"] as Entry,
  ...run("i8x16", 35, compares),
  ...run("i16x8", 45, compares),
  ...run("i32x4", 55, compares),
  ...run("i64x2", 214, ["eq", "ne", "lt_s", "gt_s", "le_s", "ge_s"]),
  ...run("f32x4", 65, floatCompares),
  ...run("f64x2", 71, floatCompares),
  ...run("i8x16", 96, ["abs", "neg", "popcnt"]),
  ...run("i8x16", 101, ["narrow_i16x8_s", "narrow_i16x8_u"]),
  ...run("f32x4", 103, ["ceil", "floor", "trunc", "nearest"]),
  ...run("i8x16", 107, ["shl", "shr_s", "shr_u"]),
  ...run("i8x16", 110, ["add", "add_sat_s", "add_sat_u", "sub", "sub_sat_s", "sub_sat_u"]),
  ...run("f64x2", 116, ["ceil", "floor"]),
  ...run("i8x16", 118, ["min_s", "min_u", "max_s", "max_u"]),
  ...run("f64x2", 122, ["trunc"]),
  ...run("i8x16", 123, ["avgr_u"]),
  ...run("i16x8", 124, ["extadd_pairwise_i8x16_s", "extadd_pairwise_i8x16_u"]),
  ...run("i32x4", 126, ["extadd_pairwise_i16x8_s", "extadd_pairwise_i16x8_u"]),
  ...run("i16x8", 128, ["abs", "neg", "q15mulr_sat_s"]),
  ...run("i16x8", 133, ["narrow_i32x4_s", "narrow_i32x4_u"]),
  ...run("i16x8", 135, ["extend_low_i8x16_s", "extend_high_i8x16_s", "extend_low_i8x16_u", "extend_high_i8x16_u"]),
  ...run("i16x8", 139, ["shl", "shr_s", "shr_u"]),
  ...run("i16x8", 142, ["add", "add_sat_s", "add_sat_u", "sub", "sub_sat_s", "sub_sat_u"]),
  ...run("f64x2", 148, ["nearest"]),
  ...run("i16x8", 149, ["mul", "min_s", "min_u", "max_s", "max_u", null, "avgr_u"]),
  ...run("i16x8", 156, ["extmul_low_i8x16_s", "extmul_high_i8x16_s", "extmul_low_i8x16_u", "extmul_high_i8x16_u"]),
  ...run("i32x4", 160, ["abs", "neg"]),
  ...run("i32x4", 167, ["extend_low_i16x8_s", "extend_high_i16x8_s", "extend_low_i16x8_u", "extend_high_i16x8_u"]),
  ...run("i32x4", 171, ["shl", "shr_s", "shr_u", "add", null, null, "sub", null, null, null, "mul"]),
  ...run("i32x4", 182, ["min_s", "min_u", "max_s", "max_u", "dot_i16x8_s"]),
  ...run("i32x4", 188, ["extmul_low_i16x8_s", "extmul_high_i16x8_s", "extmul_low_i16x8_u", "extmul_high_i16x8_u"]),
  ...run("i64x2", 192, ["abs", "neg"]),
  ...run("i64x2", 199, ["extend_low_i32x4_s", "extend_high_i32x4_s", "extend_low_i32x4_u", "extend_high_i32x4_u"]),
  ...run("i64x2", 203, ["shl", "shr_s", "shr_u", "add", null, null, "sub", null, null, null, "mul"]),
  ...run("i64x2", 220, ["extmul_low_i32x4_s", "extmul_high_i32x4_s", "extmul_low_i32x4_u", "extmul_high_i32x4_u"]),
  ...run("f32x4", 224, floatArithmetic),
  ...run("f64x2", 236, floatArithmetic),
  ...run("i32x4", 248, ["trunc_sat_f32x4_s"]),
  ...run("f32x4", 250, ["convert_i32x4_s"]),
  ...run("i32x4", 252, ["trunc_sat_f64x2_s_zero"]),
  ...run("f64x2", 254, ["convert_low_i32x4_s"]),
};

/** Vector operations with an immediate: the number of a lane, or, for shuffle, sixteen of them, one to a byte. */
export const laneOperations = {
  "i8x16.shuffle": [simd(13), "v128"],
  "i8x16.extract_lane_s": [simd(21), "i32"],
  "i8x16.extract_lane_u": [simd(22), "i32"],
  "i8x16.replace_lane": [simd(23), "v128"],
  "i16x8.extract_lane_s": [simd(24), "i32"],
  "i16x8.extract_lane_u": [simd(25), "i32"],
  "i16x8.replace_lane": [simd(26), "v128"],
  "i32x4.extract_lane": [simd(27), "i32"],
  "i32x4.replace_lane": [simd(28), "v128"],
  "i64x2.extract_lane": [simd(29), "i64"],
  "i64x2.replace_lane": [simd(30), "v128"],
  "f32x4.extract_lane": [simd(31), "f32"],
  "f32x4.replace_lane": [simd(32), "v128"],
  "f64x2.extract_lane": [simd(33), "f64"],
  "f64x2.replace_lane": [simd(34), "v128"],
} as const satisfies Record<string, Entry>;

export type FloatOperation = keyof typeof floatOperations;
export type VectorOperation = keyof typeof vectorOperations;
export type LaneOperation = keyof typeof laneOperations;
