export { Relation } from "./compare";
export { FloatEnv, FloatException, Rounding } from "./environment";
export { float32, float64, type SseFloat } from "./sse";
