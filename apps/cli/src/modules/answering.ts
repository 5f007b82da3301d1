import { tellFailure } from "../command/tell-failure";
import type { Terminal } from "../terminal";

/** Answers a question; for a program, why it cannot be answered is an answer, too. @returns the exit code */
export async function answering(json: boolean, terminal: Terminal, answer: () => Promise<number>): Promise<number> {
  try {
    return await answer();
  } catch (error) {
    if (!json) throw error;
    return tellFailure(error, {}, terminal);
  }
}
