import { isUtf8 } from "node:buffer";
import { Unreadable } from "./unreadable.ts";

/** What a text that is not UTF-8 most likely is, by the names that `iconv` knows. */
const inWords = {
  "UTF-16": "UTF-16, as Windows writes it",
  "UTF-16LE": "UTF-16, as Windows writes it",
  "UTF-16BE": "UTF-16",
  "WINDOWS-1252": "Latin-1 or Windows-1252",
} as const;
type OtherEncoding = keyof typeof inWords;

/**
 * UTF-8 without its byte-order mark. Throws {@link Unreadable}, which says what else it looks like and how the file, by
 * its name, is converted.
 */
export function decodeUtf8(bytes: Uint8Array, name: string): string {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) throw otherEncoding(wide, name);
  if (isUtf8(bytes)) return new TextDecoder("utf-8").decode(bytes);
  if (!bytes.includes(0)) throw otherEncoding("WINDOWS-1252", name, placeOf(bytes));
  throw new Unreadable("it is no text", "see that it is the right file; one that is compressed has to be unpacked");
}

function otherEncoding(encoding: OtherEncoding, name: string, place?: Unreadable["place"]): Unreadable {
  const hint = `save it as UTF-8, or convert it: iconv -f ${encoding} -t UTF-8 ${name} > utf8.yaml`;
  return new Unreadable(`it is not UTF-8 but looks like ${inWords[encoding]}`, hint, place);
}

/**
 * UTF-16 by its byte-order mark, or by every second byte being nought, as it is where a text is mostly ASCII. The bytes
 * of such a text are UTF-8 too, with a NUL beside each character.
 */
function wideEncoding(bytes: Uint8Array): OtherEncoding | undefined {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString("hex");
  if (mark === "fffe" || mark === "feff") return "UTF-16";
  if (!bytes.includes(0)) return undefined;
  const [even, odd] = [noughts(bytes, 0), noughts(bytes, 1)];
  if (even === 0 && odd > 0.4 * bytes.length) return "UTF-16LE";
  return odd === 0 && even > 0.4 * bytes.length ? "UTF-16BE" : undefined;
}

function noughts(bytes: Uint8Array, start: number): number {
  let count = 0;
  for (let index = start; index < bytes.length; index += 2) if (bytes[index] === 0) count++;
  return count;
}

/** Where the first byte stands that is not UTF-8. */
function placeOf(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let line = 1;
  for (let start = 0; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const part = bytes.subarray(start, end);
    if (!isUtf8(part) || newline === -1) {
      const column = new TextDecoder("utf-8").decode(part).indexOf("\uFFFD") + 1;
      return { line, column: Math.max(column, 1) };
    }
    start = end + 1;
  }
}
