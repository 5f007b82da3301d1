/** kliblcd: the interface for code that is not isolated (seed 004). */
export { type cptr_t, KernelError, type LcdConfig, type LcdStatus, type ThreadResult } from "lcd-domains";
export { type Klcd, klcd_enter, klcd_exit } from "./klcd";
export {
  type CreateOptions,
  lcd_cap_delete,
  lcd_config,
  lcd_create,
  lcd_destroy,
  lcd_run,
  lcd_status,
  lcd_suspend,
  lcd_wait,
} from "./lcd";
