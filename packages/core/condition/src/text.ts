import type { TextTest } from "./expression.ts";

/** The text tests on UTF-8 bytes: a text is found in another exactly where its bytes are. */
export const onBytes: Readonly<Record<TextTest, (subject: Uint8Array, argument: Uint8Array) => boolean>> = {
  startsWith: (subject, argument) => holdsAt(subject, 0, argument),
  endsWith: (subject, argument) => holdsAt(subject, subject.length - argument.length, argument),
  contains: (subject, argument) =>
    // A Buffer over the same bytes: Uint8Array has no search for more than one byte.
    Buffer.from(subject.buffer, subject.byteOffset, subject.byteLength).indexOf(argument) !== -1,
};

function holdsAt(subject: Uint8Array, offset: number, argument: Uint8Array): boolean {
  if (offset < 0 || offset + argument.length > subject.length) return false;
  // Arguments are short; a loop costs less than the call into native code.
  for (let index = 0; index < argument.length; index++) {
    if (subject[offset + index] !== argument[index]) return false;
  }
  return true;
}

/** The same tests on decoded texts. */
export const onStrings: Readonly<Record<TextTest, (subject: string, argument: string) => boolean>> = {
  startsWith: (subject, argument) => subject.startsWith(argument),
  endsWith: (subject, argument) => subject.endsWith(argument),
  contains: (subject, argument) => subject.includes(argument),
};

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && holdsAt(left, 0, right);
}

/** Code points of UTF-8 bytes: every byte that does not continue another one (10xxxxxx) starts one. */
export function codePointsOfBytes(utf8: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < utf8.length; index++) {
    if (((utf8[index] ?? 0) & 0xc0) !== 0x80) count++;
  }
  return count;
}

/** Code points of a JavaScript string. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
