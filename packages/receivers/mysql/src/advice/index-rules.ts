import type { Advice, AdviceKind } from "@dbintel/watching";
import { clean, mostFindings } from "@dbintel/watching";
import { beginsLike, type IndexDefinition, type KeyColumns, servesKey, tableKey } from "./index-definition.ts";
import type { TableUsage } from "./index-usage.ts";

export const unusedIndex: AdviceKind = {
  id: "unused_index",
  severity: "info",
  message:
    "No statement has used the index since the server counts, and every write pays for it; look at replicas as well, and hide it from the optimizer before it is dropped (INVISIBLE, in MariaDB IGNORED)",
};

export const duplicateIndex: AdviceKind = {
  id: "duplicate_index",
  severity: "warning",
  message:
    "Another index of the table has the same columns in the same order, and answers every query that this one does",
};

/** What the rules say of an index, before its size is known. */
export interface IndexFinding {
  readonly rule: AdviceKind;
  readonly index: IndexDefinition;
  readonly evidence: Readonly<Record<string, number>>;
}

/** Indexes of one server, and what they are there for. */
export class IndexRules {
  readonly #byTable: ReadonlyMap<string, readonly IndexDefinition[]>;
  readonly #keys: ReadonlyMap<string, readonly KeyColumns[]>;

  constructor(indexes: readonly IndexDefinition[], keys: readonly KeyColumns[]) {
    this.#byTable = Map.groupBy(indexes, tableKey);
    this.#keys = Map.groupBy(keys, tableKey);
  }

  /** Those that nothing was counted of, in tables that were used: of others it is not known whether they are counted. */
  unused(usage: ReadonlyMap<string, TableUsage>): readonly IndexFinding[] {
    return [...this.#byTable].flatMap(([table, indexes]) => {
      const used = usage.get(table);
      if (used === undefined || used.total === 0) return [];
      const evidence = { rows_written: used.writes };
      return indexes
        .filter((index) => used.unused.has(index.name) && this.#isOptional(index))
        .map((index) => ({ rule: unusedIndex, index, evidence }));
    });
  }

  /** Those whose columns another index begins with. */
  duplicates(): readonly IndexFinding[] {
    return [...this.#byTable.values()].flatMap((indexes) =>
      indexes
        .filter((index) => this.#isOptional(index) && indexes.some((other) => this.#replaces(other, index)))
        .map((index) => ({ rule: duplicateIndex, index, evidence: {} })),
    );
  }

  #replaces(other: IndexDefinition, index: IndexDefinition): boolean {
    if (other === index || other.type !== "BTREE" || !other.visible || !beginsLike(other, index)) return false;
    if (other.parts.length > index.parts.length || !index.visible) return true;
    // Of two that are alike the one stays that is there for more than queries, else the first by name.
    return !this.#isOptional(other) || other.name < index.name;
  }

  /** Whether it is there for queries alone. Others (FULLTEXT, SPATIAL) are not counted like these. */
  #isOptional(index: IndexDefinition): boolean {
    const keys = this.#keys.get(tableKey(index)) ?? [];
    return !index.unique && index.type === "BTREE" && !keys.some((key) => servesKey(index, key));
  }
}

/** By what the indexes of their tables take, the most first. */
export function adviceOfFindings(
  findings: readonly (IndexFinding & { readonly indexBytes: number })[],
): readonly Advice[] {
  const rules = Map.groupBy(findings, ({ rule }) => rule);
  return [...rules.values()].flatMap((ofRule) =>
    ofRule
      .toSorted((one, other) => other.indexBytes - one.indexBytes)
      .slice(0, mostFindings)
      .map(({ rule, index, evidence, indexBytes }) => {
        const { schema, table, name, parts } = index;
        return {
          rule: rule.id,
          object: clean(`${schema}.${table}.${name}`),
          schema: clean(schema),
          relation: clean(table),
          columns: clean(parts.map(({ column, expression }) => column ?? expression ?? "").join(",")),
          sql: clean(`ALTER TABLE ${quoted(schema)}.${quoted(table)} DROP INDEX ${quoted(name)};`),
          evidence: { ...evidence, table_index_bytes: indexBytes },
        };
      }),
  );
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
