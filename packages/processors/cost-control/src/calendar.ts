export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A calendar period in UTC, in milliseconds since the Unix epoch. */
export interface Period {
  /** `2026-11` or `2026-11-21`: its name in the ledger. */
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
}

export function monthOf(unixMs: number): Period {
  const date = new Date(unixMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { key: date.toISOString().slice(0, 7), startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}

export function dayOf(unixMs: number): Period {
  const startMs = Math.floor(unixMs / dayMs) * dayMs;
  return { key: new Date(unixMs).toISOString().slice(0, 10), startMs, endMs: startMs + dayMs };
}
