/** Something that a program needs and that cannot be had here: it is skipped. The message is a sentence's end. */
export class Missing extends Error {
  override readonly name = "Missing";
}
