/** Paths as POSIX has them; the emulated host knows no others. */

/** The path without `.`, `..` and doubled slashes, absolute: a relative one starts at `base`. */
export function absolutePath(path: string, base = "/"): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : base}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** What stands after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What stands before the last slash; `/` for a file in the root. */
export function directoryName(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
