/** A failure that a user can cause: its message is the whole explanation, never a stack trace. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** What stops the work at once. */
export class FatalError extends ToolError {}
