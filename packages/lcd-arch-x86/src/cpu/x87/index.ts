import { arithmeticOperations } from "./arithmetic";
import { compareOperations } from "./compare";
import { controlOperations } from "./control";
import { functionOperations } from "./functions";
import type { FpuOperations } from "./operation";
import { transferOperations } from "./transfer";

export { initialize } from "./control";
export { Fpu } from "./fpu";
export * from "./fxsave";
export {
  type EnvironmentForm,
  environmentSize,
  imageSize,
  loadEnvironment,
  loadImage,
  storeEnvironment,
  storeImage,
} from "./images";
export type { FpuOperation, FpuOperations } from "./operation";
export { StatusWord } from "./words";

/** Everything that x87 instructions do between reading their operand and writing their result to memory, by name. */
export const fpuOperations: FpuOperations = {
  ...arithmeticOperations,
  ...compareOperations,
  ...controlOperations,
  ...functionOperations,
  ...transferOperations,
};
