/** Paths as POSIX has them; the emulated host knows no others. */

/**
 * A path that a person has given, where a relative one starts at the working directory. What `..`, links and a slash at
 * the end mean is for the file system to say.
 */
export function givenPath(path: string, cwd = ""): string {
  return path === "" || path.startsWith("/") ? path : `${cwd}/${path}`;
}

/** The path without `.`, `..` and doubled slashes, absolute: a relative one starts at `/`. */
export function absolutePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
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
