import type { FloatEnv } from "../float/environment";
import { Kind, type Real } from "../float/real";
import { arcTangent2, power2Minus1, timesLog2, timesLog2Plus1, trigonometric } from "../float/transcendental";
import { hasOperands, makesTwo, onTop, storeIndefinite } from "./arithmetic";
import type { FpuOperation, FpuOperations } from "./operation";
import { StatusWord } from "./words";

const { C2 } = StatusWord;

/** FSIN and FCOS. */
const trigonometricOfTop =
  (wanted: "sine" | "cosine"): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    fpu.status &= ~C2;
    if (!hasOperands(fpu, 1)) {
      return;
    }
    fpu.load(0, fpu.a);
    const results = { sine: null, cosine: null, tangent: null, [wanted]: fpu.out };
    if (!trigonometric(fpu.a, results, env)) {
      fpu.status |= C2;
      return;
    }
    fpu.round(fpu.out);
    if (fpu.settle()) {
      fpu.store(0, fpu.out);
    }
  };

/** FSINCOS and FPTAN: a result in the place of ST(0), and another that is pushed. */
const trigonometricPair =
  (first: "sine" | "tangent"): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    fpu.status &= ~C2;
    if (!makesTwo(fpu)) {
      return;
    }
    fpu.load(0, fpu.a);
    const { out, second } = fpu;
    const cosine = first === "sine" ? second : null;
    if (!trigonometric(fpu.a, { sine: null, tangent: null, cosine, [first]: out }, env)) {
      fpu.status |= C2;
      return;
    }
    if (cosine === null) {
      // FPTAN pushes 1, or the same NaN.
      second.copy(out);
      if (out.kind !== Kind.nan) {
        second.setScaled(false, 1n, 0);
      }
    }
    fpu.round(second);
    fpu.round(out);
    if (fpu.settle()) {
      fpu.store(0, out);
      fpu.push(second);
    }
  };

/** ST(1) = function of ST(1) and ST(0), and a pop. */
const ofTwo =
  (compute: (y: Real, x: Real, out: Real, env: FloatEnv) => void): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
      if (!fpu.underflow()) {
        return;
      }
      storeIndefinite(fpu, 1);
    } else {
      fpu.load(0, fpu.a);
      fpu.load(1, fpu.b);
      compute(fpu.b, fpu.a, fpu.out, env);
      fpu.round(fpu.out);
      if (!fpu.settle()) {
        return;
      }
      fpu.store(1, fpu.out);
    }
    fpu.pop();
  };

export const functionOperations: FpuOperations = {
  sin: trigonometricOfTop("sine"),
  cos: trigonometricOfTop("cosine"),
  sincos: trigonometricPair("sine"),
  ptan: trigonometricPair("tangent"),
  patan: ofTwo(arcTangent2),
  yl2x: ofTwo(timesLog2),
  yl2xp1: ofTwo(timesLog2Plus1),
  "2xm1": onTop((fpu) => {
    power2Minus1(fpu.a, fpu.out, fpu.env);
    return fpu.round(fpu.out);
  }),
};
