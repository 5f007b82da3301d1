import { KernelError } from "lcd-arch-x86";

/** The five states of an lcd (seed 004, LCD STATUS). */
export type LcdStatus = "embryo" | "configured" | "running" | "suspended" | "dead";

/** What moves an lcd from state to state. */
export type LcdOperation = "lcd_config" | "lcd_run" | "lcd_suspend" | "lcd_destroy";

/** Where an operation leads from a state, or why it is refused there. */
type Transition = { readonly to: LcdStatus } | { readonly refused: string };

const dead: Transition = { refused: "the lcd is dead" };

/** The diagram of seed 004, LCD STATUS. */
const transitions: Readonly<Record<LcdStatus, Readonly<Record<LcdOperation, Transition>>>> = {
  embryo: {
    lcd_config: { to: "configured" },
    lcd_run: { refused: "the lcd is not configured; call lcd_config first" },
    lcd_suspend: { refused: "the lcd is not configured; call lcd_config first" },
    lcd_destroy: { to: "dead" },
  },
  configured: {
    lcd_config: { refused: "the lcd is configured already" },
    lcd_run: { to: "running" },
    lcd_suspend: { refused: "the lcd does not run yet" },
    lcd_destroy: { to: "dead" },
  },
  running: {
    lcd_config: { refused: "the lcd runs, and is configured already" },
    lcd_run: { refused: "the lcd runs already" },
    lcd_suspend: { to: "suspended" },
    lcd_destroy: { to: "dead" },
  },
  suspended: {
    lcd_config: { refused: "the lcd is suspended, and configured already" },
    lcd_run: { to: "running" },
    lcd_suspend: { refused: "the lcd is suspended already" },
    lcd_destroy: { to: "dead" },
  },
  dead: { lcd_config: dead, lcd_run: dead, lcd_suspend: dead, lcd_destroy: dead },
};

/**
 * Where `operation` leads from `status`.
 *
 * @throws KernelError EINVAL when the seed calls the transition an error
 * @see seed 004, LCD STATUS
 */
export function nextStatus(name: string, status: LcdStatus, operation: LcdOperation): LcdStatus {
  const transition = transitions[status][operation];
  if ("refused" in transition) throw new KernelError("EINVAL", `${operation} of ${name}: ${transition.refused}`);
  return transition.to;
}
