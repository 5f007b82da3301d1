import type { Translation } from "./translation";

/** More than the pages that a translation can lie on: it has fewer instructions. */
const MARK_PAGES = 1024;
/** Sets of frames that a translation is known to be valid for. */
const MAX_VALID = 8;

/** Part of a frame that translations were made from. */
interface Mark {
  translation: Translation;
  start: number;
  end: number;
}

/** Which parts of RAM translations were made from: stores there must be looked at. */
export class CodeMarks {
  private readonly marks = new Map<number, Mark[]>();
  /** Not 0 for frames that hold translated code. */
  private readonly isCodeFrame: Uint8Array;
  /** Marks that there are: a measure of what they take. */
  count = 0;

  /**
   * @param frames number of frames of RAM
   * @param protect told of a frame that starts to hold code
   */
  constructor(
    frames: number,
    private readonly protect: (frame: number) => void,
  ) {
    this.isCodeFrame = new Uint8Array(frames + 1);
  }

  /** Whether the frame holds translated code. */
  isCode(frame: number): boolean {
    return this.isCodeFrame[frame] !== 0;
  }

  /** What was translated from bytes of RAM. */
  madeFrom(hpa: number, length: number): Set<Translation> {
    const found = new Set<Translation>();
    const last = (hpa + length - 1) >>> 12;
    for (let frame = hpa >>> 12; frame <= last; frame++) {
      const start = hpa - frame * 4096;
      for (const mark of this.marks.get(frame) ?? []) {
        if (mark.start < start + length && start < mark.end) {
          found.add(mark.translation);
        }
      }
    }
    return found;
  }

  /** Records that a translation stands in these frames, and has stores to them looked at. */
  add(translation: Translation, frames: number[]): void {
    const { valid, marked } = translation;
    if (valid.push(frames) > MAX_VALID) {
      valid.shift();
    }
    const known = frames.map((frame, page) => marked.has(frame * MARK_PAGES + page));
    for (const { page, start, bytes } of translation.ranges) {
      if (known[page]) {
        continue;
      }
      const frame = frames[page];
      marked.add(frame * MARK_PAGES + page);
      this.count++;
      const marks = this.marks.get(frame) ?? [];
      marks.push({ translation, start, end: start + bytes.length });
      this.marks.set(frame, marks);
      if (this.isCodeFrame[frame] === 0) {
        this.isCodeFrame[frame] = 1;
        this.protect(frame);
      }
    }
  }

  /** Takes a translation's marks off all frames. */
  remove(translation: Translation): void {
    const frames = new Set([...translation.marked].map((mark) => Math.floor(mark / MARK_PAGES)));
    for (const frame of frames) {
      this.removeFrom(frame, new Set([translation]));
    }
  }

  /** Takes translations' marks off one frame: they do not stand there any more. */
  removeFrom(frame: number, gone: ReadonlySet<Translation>): void {
    const marks = this.marks.get(frame) ?? [];
    const rest = marks.filter((mark) => !gone.has(mark.translation));
    this.count -= marks.length - rest.length;
    for (const { marked, pages } of gone) {
      for (let page = 0; page < pages.length; page++) {
        marked.delete(frame * MARK_PAGES + page);
      }
    }
    if (rest.length > 0) {
      this.marks.set(frame, rest);
    } else {
      this.marks.delete(frame);
      this.isCodeFrame[frame] = 0;
    }
  }

  clear(): void {
    this.marks.clear();
    this.count = 0;
    this.isCodeFrame.fill(0);
  }
}
