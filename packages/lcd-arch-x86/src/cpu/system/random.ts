import { ARITHMETIC_FLAGS, Rflags } from "../state";
import { next, type Operation, type Operations } from "./operation";
import { setFlags, setRegister } from "./registers";

/**
 * A generator of 64-bit numbers that one seed decides: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom
 * Number Generators", 2014). The same run of a machine reads the same numbers.
 */
export class RandomSource {
  private state: bigint;

  /** @param seed modulo 2^64 */
  constructor(seed: bigint) {
    this.state = BigInt.asUintN(64, seed);
  }

  /** The next number, 0 to 2^64 - 1. */
  next(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    const first = BigInt.asUintN(64, (this.state ^ (this.state >> 30n)) * 0xbf58476d1ce4e5b9n);
    const second = BigInt.asUintN(64, (first ^ (first >> 27n)) * 0x94d049bb133111ebn);
    return second ^ (second >> 31n);
  }
}

/** A number is always ready: CF is 1, the other arithmetic flags are 0. */
const readRandom: Operation["execute"] = next((p, [register, size]) => {
  setRegister(p, register, size, p.random.next());
  setFlags(p, ARITHMETIC_FLAGS, Rflags.CF);
});

/** RDRAND and RDSEED (SDM 2B). */
export const randomNumbers: Operations = {
  rdrand: { unprivileged: true, exits: "rdrand", described: true, execute: readRandom },
  rdseed: { unprivileged: true, exits: "rdseed", described: true, execute: readRandom },
};
