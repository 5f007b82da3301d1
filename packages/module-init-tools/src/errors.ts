/** A failure that a user can cause: its message is the whole explanation, never a stack trace. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}
