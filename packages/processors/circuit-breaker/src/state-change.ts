import type { StateChange } from "@dbintel/guard";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import type { CircuitKind } from "./circuit.ts";

/** Whose breaker changed: what a database sends, how it is, the database as its receivers see it, an exporter's account. */
type CircuitName =
  | { readonly kind: CircuitKind; readonly instance: string; readonly database: string }
  | {
      readonly kind: "database";
      readonly instance: string;
      readonly database: string;
      readonly collectorClass: string | undefined;
    }
  | { readonly kind: "exporter"; readonly exporter: string };

/** A change of a breaker, with what it was decided from. */
export type Change = CircuitName &
  StateChange & {
    readonly unixNano: bigint;
    /** Figures of the moment: items offered, beyond the share, failed, slow. */
    readonly evidence: Readonly<Record<string, number | string>>;
  };

const infoSeverity = 9;
const warnSeverity = 13;

/** What the change is about, in one line. */
export function describeChange(change: Change): string {
  const whose =
    change.kind === "exporter"
      ? `exporter ${change.exporter}`
      : `database ${[change.instance, change.database].filter((name) => name !== "").join("/")}`;
  return `circuit breaker (${change.kind}) of ${whose}: ${change.from} → ${change.to}, ${change.cause}`;
}

/** The log record `db.circuit.state_change`. */
export function stateChangeEvent(args: {
  readonly id: string;
  readonly change: Change;
  readonly build: { readonly name: string; readonly version: string };
}): Logs {
  const { id, change, build } = args;
  const bad = change.to === "open";
  const evidence = Object.entries(change.evidence).map(([name, value]) => [
    `db.circuit.evidence.${name}`,
    typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value,
  ]);
  return logsBuilder()
    .resource({ attributes: { "service.name": build.name, "service.version": build.version } })
    .scope({ name: "@dbintel/processor-circuit-breaker", version: build.version })
    .record({
      timeUnixNano: change.unixNano,
      observedTimeUnixNano: change.unixNano,
      severityNumber: bad ? warnSeverity : infoSeverity,
      severityText: bad ? "WARN" : "INFO",
      eventName: "db.circuit.state_change",
      body: describeChange(change),
      attributes: {
        "db.circuit.id": id,
        "db.circuit.kind": change.kind,
        "db.circuit.from": change.from,
        "db.circuit.to": change.to,
        "db.circuit.reason": change.cause,
        "db.circuit.open_ms": change.to === "open" ? BigInt(Math.round(change.openMs)) : undefined,
        ...nameOf(change),
        ...Object.fromEntries(evidence),
      },
    })
    .build();
}

function nameOf(change: Change) {
  if (change.kind === "exporter") return { "db.circuit.exporter": change.exporter };
  return {
    "service.instance.id": change.instance || undefined,
    "db.namespace": change.database || undefined,
    "db.circuit.class": change.kind === "database" ? change.collectorClass : undefined,
  };
}
