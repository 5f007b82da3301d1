export { BareMachine, CODE, DATA, STACK_TOP } from "./bare-machine";
