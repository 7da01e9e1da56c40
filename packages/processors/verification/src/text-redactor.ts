import type { TextEditor, TextPlace, TextScope, TextValue } from "@dbintel/pdata";
import type { Finding, Scanner } from "@dbintel/pii";
import { type Action, sensitiveKey } from "./config.ts";
import type { Policy } from "./policy.ts";
import { isReplacement, type Replacements } from "./replacement.ts";
import type { SensitiveNames } from "./sensitive-names.ts";
import type { Structure } from "./structure.ts";

/** Smaller numbers are no card, account or telephone number with its prefix: counters and durations are left alone. */
const leastNumber = 1_000_000n;

/** Texts that were left on purpose in one batch; with more than that, the last look decides alone. */
const maxKept = 10_000;

/** Counts what was found, and what is done with it. */
type FindingCount = (entity: string, action: Action, scope: TextScope) => void;

/** Finds what is sensitive in the texts of one batch and puts something else in its place. */
export class TextRedactor implements TextEditor {
  /** Texts that were left as they are because the configuration says so. */
  readonly kept = new Set<string>();
  readonly #scanner: Scanner;
  readonly #names: SensitiveNames;
  readonly #policy: Policy;
  readonly #replacements: Replacements;
  readonly #found: FindingCount;
  readonly #structure: Structure | undefined;
  #isDropped = false;

  constructor(args: {
    readonly scanner: Scanner;
    readonly names: SensitiveNames;
    readonly policy: Policy;
    readonly replacements: Replacements;
    readonly found: FindingCount;
    /** Absent while statements and plans are left as they are. */
    readonly structure?: Structure | undefined;
  }) {
    this.#scanner = args.scanner;
    this.#names = args.names;
    this.#policy = args.policy;
    this.#replacements = args.replacements;
    this.#found = args.found;
    this.#structure = args.structure;
  }

  wants(message: Uint8Array): boolean {
    return this.#scanner.mayHold(message);
  }

  edit(value: TextValue, place: TextPlace): string | Uint8Array | undefined {
    if (value.kind === "key") return this.#scan(value.bytes, place);
    const whole = this.#names.hasSensitive(place.path) ? this.#replaceWhole(value, place) : undefined;
    const text = whole ?? this.#scanValue(value, place);
    return text !== undefined && value.kind === "bytes" ? Buffer.from(text) : text;
  }

  verdict(): string | undefined {
    const isDropped = this.#isDropped;
    this.#isDropped = false;
    return isDropped ? "sensitive" : undefined;
  }

  #scanValue(value: Exclude<TextValue, { kind: "key" }>, place: TextPlace): string | undefined {
    switch (value.kind) {
      case "string":
        return this.#scanText(value.bytes, place);
      case "bytes":
        return this.#scan(value.bytes, place);
      case "int":
        return this.#scanNumber(value.int, place);
      case "double":
        return Number.isSafeInteger(value.double) ? this.#scanNumber(BigInt(value.double), place) : undefined;
      default:
        return undefined;
    }
  }

  /** A statement or a plan loses its constants before it is scanned. */
  #scanText(bytes: Uint8Array, place: TextPlace): string | undefined {
    const kind = this.#structure?.kindAt(place);
    if (this.#structure === undefined || kind === undefined) return this.#scan(bytes, place);
    const safe = Buffer.from(this.#structure.safeOf(kind, bytes));
    return this.#scan(safe, place) ?? (safe.equals(bytes) ? undefined : safe.toString());
  }

  /** The text with each finding replaced; `undefined` when it stays as it is. */
  #scan(bytes: Uint8Array, place: TextPlace): string | undefined {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const findings = this.#scanner.find(text, place.path.join(" "));
    if (findings.length === 0) return undefined;
    let result = "";
    let written = 0;
    for (const { entity, start, end } of findings) {
      const replacement = this.#decide(entity, text.toString("utf8", start, end), place);
      if (replacement === undefined) continue;
      result += text.toString("utf8", written, start) + replacement;
      written = end;
    }
    return written === 0 ? undefined : result + text.toString("utf8", written);
  }

  /** A number is replaced as a whole, by a text. */
  #scanNumber(number: bigint, place: TextPlace): string | undefined {
    if (number < leastNumber) return undefined;
    const digits = number.toString();
    const [finding]: readonly (Finding | undefined)[] = this.#scanner.find(Buffer.from(digits), place.path.join(" "));
    return finding && this.#decide(finding.entity, digits, place);
  }

  /** What takes the place of a value under a sensitive name; `undefined` leaves it to be scanned as any other. */
  #replaceWhole(value: TextValue, place: TextPlace): string | undefined {
    const text = textOf(value);
    return text === "" || isReplacement(text) ? undefined : this.#decide(sensitiveKey, text, place);
  }

  #decide(entity: string, text: string, place: TextPlace): string | undefined {
    const action = this.#policy.actionFor({ entity, text, place });
    this.#found(entity, action, place.scope);
    if (action === "drop") this.#isDropped = true;
    const replacement = this.#replacements.for(action, entity, text);
    if (replacement === undefined && action !== "drop" && this.kept.size < maxKept) this.kept.add(text);
    return replacement;
  }
}

function textOf(value: TextValue): string {
  switch (value.kind) {
    case "int":
      return value.int.toString();
    case "double":
      return value.double.toString();
    case "bool":
      return "bool";
    default:
      return Buffer.from(value.bytes).toString("utf8");
  }
}
