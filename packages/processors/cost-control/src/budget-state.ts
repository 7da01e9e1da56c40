import { z } from "zod";

const ledger = z.array(z.tuple([z.string(), z.number()])).max(8);

const state = z.object({
  version: z.literal(1),
  /** Stored bytes by period. Several, so that a clock that is put back finds its month again. */
  used: ledger,
  /** Bytes that were offered, likewise. */
  offered: ledger,
  step: z.number().int().min(0),
  season: z.object({
    profile: z.array(z.number()).length(24),
    short: z.number(),
    long: z.number(),
    observedMs: z.number(),
  }),
});

/** What a budget remembers over a restart. */
export type BudgetState = z.output<typeof state>;

export function encodeState(value: BudgetState): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** `undefined` when the bytes are none of ours. */
export function decodeState(bytes: Uint8Array): BudgetState | undefined {
  try {
    return state.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
