import { UsageError } from "../errors";

/** One command of a script. */
export interface ScriptCommand {
  /** The command's name first. */
  readonly words: readonly string[];
  /** `&` stands behind it: what follows does not wait for it. */
  readonly background: boolean;
}

/** What a shell would do something with that is not done here. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "|": "pipes",
  "<": "redirections",
  ">": "redirections",
  "(": "subshells",
  ")": "subshells",
};

/**
 * Takes a script apart as a shell does: commands end at line ends, `;` and `&`, words at blanks; quotes and backslashes
 * keep what they enclose, `#` begins a comment. Nothing is replaced in words.
 *
 * @param firstLine number of the text's first line, for messages
 * @throws UsageError for a quote without its partner, `a && b`, and what a shell has besides: pipes, redirections
 */
export function parseScript(text: string, firstLine = 1): ScriptCommand[] {
  const commands: ScriptCommand[] = [];
  let words: string[] = [];
  let line = firstLine;
  const end = (background: boolean): void => {
    if (words.length > 0) commands.push({ words, background });
    else if (background) throw new UsageError(`line ${line}: there is no command before &`);
    words = [];
  };
  const token =
    /([ \t\r]+)|(#[^\n]*)|(\n|;)|(&&?)|((?:[^\s;&|<>()'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+)|([\s\S])/g;
  for (const [found, , , separator, ampersand, word, other] of text.matchAll(token)) {
    if (separator !== undefined) end(false);
    else if (ampersand === "&&")
      throw new UsageError(`line ${line}: there is no && here; --errexit ends at the first failure`);
    else if (ampersand !== undefined) end(true);
    else if (word !== undefined) words.push(unquote(word));
    else if (other !== undefined) throw new UsageError(`line ${line}: ${complaint(other)}`);
    line += found.split("\n").length - 1;
  }
  end(false);
  return commands;
}

function unquote(word: string): string {
  return word.replace(/\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_, escaped, single, double) => {
    if (escaped !== undefined) return escaped === "\n" ? "" : escaped;
    return single ?? double.replace(/\\(["\\$`])/g, "$1");
  });
}

function complaint(character: string): string {
  const what = NOT_HERE[character];
  return what === undefined ? `${character} has no partner` : `there are no ${what} here`;
}
