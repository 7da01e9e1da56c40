/** One component's ledger for one signal, read from the collector's own Prometheus text. */
export interface ReadLedger {
  readonly kind: string;
  readonly id: string;
  readonly pipeline: string;
  readonly signal: string;
  received: number;
  sent: number;
  refused: number;
  /** Over all reasons. */
  dropped: number;
  held: number;
}

const columns = ["received", "sent", "refused", "dropped", "held"] as const;

/** Reads `dbintel_component_{received,sent,refused,dropped,held}_items`. */
export function readLedgers(text: string): readonly ReadLedger[] {
  const ledgers = new Map<string, ReadLedger>();
  for (const [, column = "", labels = "", value = ""] of text.matchAll(
    /^dbintel_component_(\w+?)_items(?:_total)?\{(.*)\} (\S+)/gm,
  )) {
    const known = columns.find((name) => name === column);
    if (known === undefined) continue;
    const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const [kind, id, pipeline, signal] = [label("kind"), label("id"), label("pipeline"), label("signal")];
    const key = JSON.stringify([kind, id, pipeline, signal]);
    const ledger = ledgers.get(key) ?? {
      ...{ kind, id, pipeline, signal },
      ...{ received: 0, sent: 0, refused: 0, dropped: 0, held: 0 },
    };
    ledger[known] += Number(value);
    ledgers.set(key, ledger);
  }
  return [...ledgers.values()];
}
