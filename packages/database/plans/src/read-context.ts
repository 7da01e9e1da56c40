import { redactExpression, redactSql, type SqlSyntax } from "@dbintel/sql";
import type { PlanLimits } from "./limits.ts";
import { withoutMadeUpNames } from "./mysql-names.ts";
import type { ConditionRole, PlanCondition } from "./plan.ts";
import { ReadFailure } from "./read-failure.ts";

/**
 * What a reader needs beside the text: the limits, and the only way for text of the statement into a plan.
 *
 * Everything that may hold a constant goes through `expression` or `condition`; names of tables, indexes and columns
 * go in as they are; any other text of the server stays out.
 */
export class ReadContext {
  readonly syntax: SqlSyntax;
  readonly #limits: PlanLimits;
  #nodes = 0;

  constructor(syntax: SqlSyntax, limits: PlanLimits) {
    this.syntax = syntax;
    this.#limits = limits;
  }

  /** To be called for each operation before it is read. */
  enter(depth: number): void {
    if (depth > this.#limits.maxDepth) {
      throw new ReadFailure("too_deep", `operations are nested more than ${this.#limits.maxDepth} levels deep`);
    }
    if (++this.#nodes > this.#limits.maxNodes) {
      throw new ReadFailure("too_many_nodes", `more than ${this.#limits.maxNodes} operations`);
    }
  }

  expression(text: string): string {
    const redacted = redactExpression(text, this.syntax);
    return this.syntax.dialect === "postgresql" ? redacted : withoutMadeUpNames(redacted);
  }

  expressions(texts: readonly string[]): readonly string[] {
    return texts.map((text) => this.expression(text));
  }

  /** None for an absent text. */
  condition(role: ConditionRole, text: string | undefined): readonly PlanCondition[] {
    if (text === undefined || text === "") return [];
    const redacted = role === "remote_sql" ? redactSql(text, this.syntax).text : this.expression(text);
    return [{ role, text: redacted }];
  }
}
