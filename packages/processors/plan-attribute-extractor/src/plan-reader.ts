import { hash } from "node:crypto";
import type { AnyValue } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import {
  type Finding,
  findingsOf,
  formatPlan,
  type Plan,
  type PlanHashes,
  type PlannedQuery,
  planAttributes,
  planHashes,
  type ReadFailureReason,
  readPlan,
} from "@dbintel/plans";
import type { SqlSyntax } from "@dbintel/sql";
import { LRUCache } from "lru-cache";
import type { PlanAttributeExtractorConfig } from "./config.ts";

/** Why a plan was not read. */
export type UnreadReason = ReadFailureReason | "time_limit" | "no_text";

/** What a plan says, ready to be written into a record. It holds no constant. */
export interface ReadPlan {
  readonly attributes: readonly (readonly [name: string, value: AnyValue])[];
  /** What takes the plan's place; `undefined` for nothing. */
  readonly output: string | undefined;
  /** The statement, where the plan came with it. */
  readonly query: PlannedQuery | undefined;
  /** The full hash. */
  readonly hash: string;
  readonly plan: Plan;
}

export type PlanResult = ReadPlan | { readonly reason: UnreadReason };

/** Figures that count something whole; all others are doubles, whatever their value. */
const wholeNumbers = new Set(
  ["depth", "node_count", "width", "shared_hit", "shared_read", "temp_read", "temp_written"].map(
    (name) => `db.query.plan.${name}`,
  ),
);

/** Plans that are remembered are together no longer than this, whatever the number of plans. */
const mostRememberedCharacters = 32 * 2 ** 20;

/** Reads plans, each content once as long as it is remembered, and no longer for one batch than it may take. */
export class PlanReader {
  readonly #config: PlanAttributeExtractorConfig;
  readonly #clock: Clock;
  readonly #known: LRUCache<string, PlanResult>;
  #deadlineMs = 0;

  constructor(config: PlanAttributeExtractorConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#known = new LRUCache({
      max: config.cache_size,
      maxSize: mostRememberedCharacters,
      // The tree as objects takes a few times the characters of its text.
      sizeCalculation: (result) => ("output" in result ? (result.output?.length ?? 0) : 0) + 256,
    });
  }

  /** From here on the plans of one batch are read. */
  begin(): void {
    this.#deadlineMs = this.#clock.monotonicMs() + this.#config.timeout;
  }

  /** `known` tells whether the result was remembered. */
  read(utf8: Uint8Array, syntax: SqlSyntax): { readonly result: PlanResult; readonly known: boolean } {
    if (utf8.length > this.#config.max_plan_size) return { result: { reason: "too_large" }, known: false };
    const key = `${syntax.dialect} ${hash("sha256", utf8, "base64")}`;
    const remembered = this.#known.get(key);
    if (remembered !== undefined) return { result: remembered, known: true };
    if (this.#clock.monotonicMs() >= this.#deadlineMs) return { result: { reason: "time_limit" }, known: false };
    const result = this.#readNew(Buffer.from(utf8).toString("utf8"), syntax);
    this.#known.set(key, result);
    return { result, known: false };
  }

  #readNew(text: string, syntax: SqlSyntax): PlanResult {
    const { max_plan_size: maxLength, max_depth: maxDepth, max_nodes: maxNodes } = this.#config;
    const { plan, reason } = readPlan(text, { syntax, limits: { maxLength, maxDepth, maxNodes } });
    if (plan === undefined) return { reason };
    const hashes = planHashes(plan);
    const attributes = this.#attributesOf(plan, hashes);
    return { attributes, output: this.#outputOf(plan), query: plan.query, hash: hashes.full, plan };
  }

  #outputOf(plan: Plan): string | undefined {
    const { plan_output: form } = this.#config;
    if (form === "removed") return undefined;
    return form === "text" ? formatPlan(plan) : JSON.stringify(plan.root);
  }

  #attributesOf(plan: Plan, hashes: PlanHashes): [string, AnyValue][] {
    const attributes: [string, AnyValue][] = [];
    for (const [name, value] of planAttributes(plan, hashes)) {
      const whole = typeof value === "number" && Number.isInteger(value) && wholeNumbers.has(name);
      attributes.push([name, whole ? BigInt(value) : value]);
    }
    if (plan.queryId !== undefined) attributes.push(["db.query.plan.query_id", plan.queryId]);
    const findings = this.#config.findings ? findingsOf(plan) : [];
    if (findings.length > 0) attributes.push(["db.query.plan.findings", findings.map(findingValue)]);
    return attributes;
  }
}

function findingValue(finding: Finding): AnyValue {
  const { id, severity, operation, relation, evidence, recommendation } = finding;
  return new Map<string, AnyValue>([
    ["id", id],
    ["severity", severity],
    ["operation", operation],
    ...(relation === undefined ? [] : [["relation", relation] as const]),
    ["evidence", new Map(Object.entries(evidence))],
    ["recommendation", recommendation],
  ]);
}
