/**
 * The four kinds of address of seed 001, ADDRESS SPACES, and the conversions between them.
 *
 * Each is a 64-bit unsigned value in a `bigint` with a brand, so the compiler rejects one where another is meant.
 */
declare const addressKind: unique symbol;

/** Host physical address: what an EPT entry holds. */
export type hpa_t = bigint & { readonly [addressKind]: "hpa" };
/** Host virtual address: where the host maps what it works on. */
export type hva_t = bigint & { readonly [addressKind]: "hva" };
/** Guest physical address: what a guest's page-table entry holds. */
export type gpa_t = bigint & { readonly [addressKind]: "gpa" };
/** Guest virtual address: what guest code uses. */
export type gva_t = bigint & { readonly [addressKind]: "gva" };

/** Bytes in a page, and its logarithm. */
export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;

/** Where the host maps all of physical memory (as Linux does for x86-64 with 4-level paging). */
export const HOST_MAP_BASE = 0xffff888000000000n;

const mask64 = (value: bigint | number): bigint => BigInt.asUintN(64, BigInt(value));

/** Makes an address of a kind from its value, taken modulo 2^64. */
export const __hpa = (value: bigint | number): hpa_t => mask64(value) as hpa_t;
export const __hva = (value: bigint | number): hva_t => mask64(value) as hva_t;
export const __gpa = (value: bigint | number): gpa_t => mask64(value) as gpa_t;
export const __gva = (value: bigint | number): gva_t => mask64(value) as gva_t;

/** The value of an address, 0 to 2^64 - 1. */
export const hpa_val = (address: hpa_t): bigint => address;
export const hva_val = (address: hva_t): bigint => address;
export const gpa_val = (address: gpa_t): bigint => address;
export const gva_val = (address: gva_t): bigint => address;

/** An address moved by a number of bytes of either sign. */
export const hpa_add = (address: hpa_t, bytes: bigint | number): hpa_t => __hpa(address + BigInt(bytes));
export const hva_add = (address: hva_t, bytes: bigint | number): hva_t => __hva(address + BigInt(bytes));
export const gpa_add = (address: gpa_t, bytes: bigint | number): gpa_t => __gpa(address + BigInt(bytes));
export const gva_add = (address: gva_t, bytes: bigint | number): gva_t => __gva(address + BigInt(bytes));

/** Host physical to host virtual: arithmetic, as all physical memory is mapped at one offset. */
export const hpa2va = (address: hpa_t): hva_t => __hva(address + HOST_MAP_BASE);
/** Host virtual, inside the host's map of physical memory, to host physical. */
export const va2hpa = (address: hva_t): hpa_t => __hpa(address - HOST_MAP_BASE);
export const hva2hpa = va2hpa;
export const hpa2hva = hpa2va;
