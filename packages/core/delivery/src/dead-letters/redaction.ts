import type { Batch, TextEditor, TextPlace, TextValue } from "@dbintel/pdata";
import { isSensitiveKey, TextScrubber } from "@dbintel/pii";

/** Smaller numbers are no card, account or telephone number, as in the processor `verification`. */
const leastNumber = 1_000_000n;

/**
 * Takes personal data and secrets out of what is about to be kept for people: by the code that the tap of the admin
 * extension looks through, whether or not the pipeline has verified it before.
 */
export class Redaction {
  readonly #scrubber = new TextScrubber();

  text(text: string): string {
    return this.#scrubber.scrub(text);
  }

  /** A batch of its own; the one that is given stays as it is. */
  batch(batch: Batch): Batch {
    const own: Batch = batch.fork();
    const editor: TextEditor = {
      wants: () => true,
      edit: (value, place) => this.#edit(value, place),
      verdict: () => undefined,
    };
    own.editTexts(editor);
    return own;
  }

  #edit(value: TextValue, { path }: TextPlace): string | Uint8Array | undefined {
    if (value.kind === "key") return this.#changed(textOf(value), "");
    const key = path.find((name) => isSensitiveKey(name)) ?? path.at(-1) ?? "";
    if (value.kind === "int" && (value.int < 0n ? -value.int : value.int) < leastNumber) return undefined;
    const changed = this.#changed(textOf(value), key);
    return changed !== undefined && value.kind === "bytes" ? Buffer.from(changed) : changed;
  }

  #changed(text: string, key: string): string | undefined {
    if (text === "") return undefined;
    const scrubbed = this.#scrubber.scrub(text, key);
    return scrubbed === text ? undefined : scrubbed;
  }
}

/** "" for what cannot hold anything personal. */
function textOf(value: TextValue): string {
  switch (value.kind) {
    case "int":
      return value.int.toString();
    case "double":
      return Number.isSafeInteger(value.double) && value.double >= Number(leastNumber) ? String(value.double) : "";
    case "bool":
      return "";
    default:
      return Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength).toString("utf8");
  }
}
