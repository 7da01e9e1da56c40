import type { SensitivityLevel } from "./detector.ts";
import { detectorsAt } from "./detectors.ts";
import { Scanner } from "./scanner.ts";
import { isSensitiveKey } from "./sensitive-key.ts";

/** Makes single texts safe to show to people: lines of a log, records on a screen. */
export class TextScrubber {
  readonly #scanner: Scanner;

  /** `medium` leaves addresses of machines, by which faults are found. */
  constructor(level: SensitivityLevel = "medium") {
    this.#scanner = new Scanner(detectorsAt(level));
  }

  /**
   * The text with `[REDACTED:entity]` in place of all that is sensitive. `key` is the name that it stands under: what has
   * the name of a secret is replaced as a whole.
   */
  scrub(text: string, key = ""): string {
    if (key !== "" && isSensitiveKey(key)) return "[REDACTED]";
    const bytes = Buffer.from(text);
    const findings = this.#scanner.find(bytes, key);
    if (findings.length === 0) return text;
    const parts: string[] = [];
    let at = 0;
    for (const { entity, start, end } of findings) {
      parts.push(bytes.toString("utf8", at, start), `[REDACTED:${entity}]`);
      at = end;
    }
    return parts.join("") + bytes.toString("utf8", at);
  }
}
