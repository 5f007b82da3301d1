import { type ModuleImage, openModuleImage } from "./module-image";

/** Images that are kept, and the largest that is: modules that are loaded again and again are few and small. */
const MAX_IMAGES = 8;
const MAX_BYTES = 4 * 1024 * 1024;

interface Kept {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly image: ModuleImage;
}

/**
 * Modules as they were read last: a host that loads the same bytes again need not take them apart again. What is kept is
 * a copy, so that nobody can change it, and is found by its content alone.
 */
export class ImageCache {
  /** The most recently used is last. */
  private readonly kept: Kept[] = [];

  /** As `openModuleImage`. @throws KernelError ENOEXEC */
  open(bytes: Uint8Array, fallbackName: string): ModuleImage {
    const known = this.kept.findIndex(({ name, bytes: other }) => name === fallbackName && isSame(other, bytes));
    if (known >= 0) {
      const [found] = this.kept.splice(known, 1);
      this.kept.push(found);
      return found.image;
    }
    if (bytes.length > MAX_BYTES) return openModuleImage(bytes, fallbackName);
    const copy = bytes.slice();
    const image = openModuleImage(copy, fallbackName);
    this.kept.push({ name: fallbackName, bytes: copy, image });
    if (this.kept.length > MAX_IMAGES) this.kept.shift();
    return image;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}
