import {
  type AnyValue,
  type AttributeKeys,
  attributeKeys,
  type Batch,
  type Item,
  type Signal,
  type TextPlace,
} from "@dbintel/pdata";
import { redactSql, type SqlSyntax, SystemSyntaxes, TextCache } from "@dbintel/sql";
import type { VerificationConfig } from "./config.ts";
import { itemsOf } from "./items.ts";
import type { VerificationMetrics } from "./metrics.ts";
import { type SafeText, safePlan, safeStatement } from "./safe-text.ts";
import { mayHoldConstant } from "./statement-signs.ts";

/** What is known by its structure. */
export type StructureKind = "statement" | "plan";

/** Attributes that name the system of a statement. */
const systemNames = ["db.system.name", "db.system"] as const;

/** Under what a text is remembered that does not say which system it is for. */
const anySystem: SqlSyntax = { dialect: "postgresql" };

/**
 * The first layer: statements and plans in attributes lose their constants and comments by their grammar, whatever the
 * constants look like.
 */
export class Structure {
  readonly #kinds = new Map<string, StructureKind>();
  /** The names of statements, then those of plans. */
  readonly #keys: AttributeKeys;
  readonly #firstPlan: number;
  readonly #places: Int32Array;
  readonly #statements: TextCache<SafeText>;
  /** Statements that do not say which system they are for. */
  readonly #anyDialect: TextCache<SafeText>;
  readonly #plans: TextCache<SafeText>;
  readonly #syntaxes: SystemSyntaxes;
  readonly #metrics: VerificationMetrics;

  constructor({ sql, plans }: Pick<VerificationConfig, "sql" | "plans">, metrics: VerificationMetrics) {
    for (const name of sql.enabled ? sql.attributes : []) this.#kinds.set(name, "statement");
    this.#firstPlan = this.#kinds.size;
    for (const name of plans.enabled ? plans.attributes : []) {
      if (!this.#kinds.has(name)) this.#kinds.set(name, "plan");
    }
    this.#keys = attributeKeys([...this.#kinds.keys()]);
    this.#places = new Int32Array(this.#kinds.size);
    this.#statements = new TextCache<SafeText>({ max: sql.cache_size, read: redactSql });
    this.#anyDialect = new TextCache<SafeText>({ max: sql.cache_size, read: (text) => safeStatement(text) });
    this.#plans = new TextCache<SafeText>({ max: plans.cache_size, read: safePlan });
    this.#syntaxes = new SystemSyntaxes(sql);
    this.#metrics = metrics;
  }

  /** The statements and plans of records, spans and points, read as their system writes them. */
  makeSafe(batch: Batch): void {
    if (this.#kinds.size === 0) return;
    const item = itemsOf(batch);
    while (item.advance()) {
      item.attributes.locate(this.#keys, this.#places);
      if (this.#mayBeUnsafe(item)) this.#makeItemSafe(item);
    }
  }

  /**
   * RE2 for encoded bytes in which a statement or a plan stands where `makeSafe` does not reach: in resources, scopes,
   * events, links and maps, which have other tags before the length of an attribute than records (`2`) and spans (`J`)
   * have. `\B` says that what follows is no letter and no digit, as the first bytes of a length of several are not.
   * In metrics, whose messages have all kinds of tags, wherever it stands.
   */
  signs(signal: Signal): readonly string[] {
    if (this.#kinds.size === 0) return [];
    const names = [...this.#kinds.keys()].map(literal).join("|");
    const elsewhere = '[\\x0a\\x1a"](?:[\\x00-\\x7f]|\\B\\C[\\x01-\\x7f]|\\B\\C\\B\\C[\\x01-\\x7f])';
    return [`${signal === "metrics" ? "" : elsewhere}\\x0a\\C{1,2}(?:${names})\\x12`];
  }

  /** What a text is that stands where `makeSafe` does not reach. */
  kindAt({ scope, path }: TextPlace): StructureKind | undefined {
    if (scope === "attributes" && path.length === 1) return undefined;
    return this.#kinds.get(path.at(-1) ?? "");
  }

  /** A text without what any dialect takes for a constant. */
  safeOf(kind: StructureKind, utf8: Uint8Array): string {
    return (kind === "plan" ? this.#plans : this.#anyDialect).read(utf8, anySystem).value.text;
  }

  /** By what was located: without an allocation for statements that have no constant. */
  #mayBeUnsafe({ attributes }: Item): boolean {
    for (let index = 0; index < this.#places.length; index++) {
      const place = this.#places[index] as number;
      if (place < 0) continue;
      if (index >= this.#firstPlan || attributes.look(place, mayHoldConstant) !== false) return true;
    }
    return false;
  }

  #makeItemSafe(item: Item): void {
    const { attributes, resource } = item;
    const isNamed = systemNames.some((name) => attributes.has(name) || resource.attributes.has(name));
    const syntax = isNamed ? this.#syntaxes.of(attributes, resource.attributes) : undefined;
    let index = 0;
    for (const [name, kind] of this.#kinds) {
      // Most of the names do not occur.
      const value = (this.#places[index++] as number) < 0 ? undefined : attributes.get(name);
      if (value === undefined) continue;
      const safe = this.#safeValue(kind, value, syntax);
      if (safe === value) continue;
      attributes.set(name, safe);
      this.#metrics.structure(kind);
    }
  }

  /** The very same value where nothing changes. */
  #safeValue(kind: StructureKind, value: AnyValue, syntax: SqlSyntax | undefined): AnyValue {
    if (typeof value === "string") return this.#safeText(kind, value, syntax);
    if (value instanceof Uint8Array) {
      const text = Buffer.from(value).toString("utf8");
      const safe = this.#safeText(kind, text, syntax);
      return safe === text ? value : Buffer.from(safe);
    }
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Map) {
      const safe = new Map([...value].map(([name, part]) => [name, this.#safeValue(kind, part, syntax)]));
      return [...value].every(([name, part]) => safe.get(name) === part) ? value : safe;
    }
    const parts = value as readonly AnyValue[];
    const safe = parts.map((part) => this.#safeValue(kind, part, syntax));
    return safe.every((part, at) => part === parts[at]) ? value : safe;
  }

  #safeText(kind: StructureKind, text: string, syntax: SqlSyntax | undefined): string {
    if (kind === "plan") return this.#plans.read(text, syntax ?? anySystem).value.text;
    return (syntax === undefined ? this.#anyDialect : this.#statements).read(text, syntax ?? anySystem).value.text;
  }
}

/** RE2 for a text as it is. */
function literal(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, (character) => `\\x{${character.codePointAt(0)?.toString(16)}}`);
}
