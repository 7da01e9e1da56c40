import type { Batch } from "@dbintel/pdata";
import type { SharedKey } from "./shared.ts";

/** What is known of a dead letter, in the form that programs are shown: names and values of JSON, redacted. */
export type ShownLetter = Readonly<Record<string, unknown>>;

/** The dead letters of one exporter that runs, for those who operate the collector. Letters go by the hash of their content. */
export interface DeadLetterDesk {
  /** Oldest first. */
  letters(): readonly ShownLetter[];
  /** A letter with its content; `undefined` when it has gone. */
  open(hash: string): Promise<{ readonly letter: ShownLetter; readonly batch: Batch } | undefined>;
  /** Gives the content to the exporter's queue, then removes the letter. False when it has gone. Rejects as `consume` does. */
  replay(hash: string): Promise<boolean>;
  /** False when the letter has gone. */
  remove(hash: string): boolean;
}

/** By exporter id, those of a collector that keep dead letters: `host.shared(deadLetterDesks)`. */
export const deadLetterDesks: SharedKey<Map<string, DeadLetterDesk>> = {
  name: "dead letter desks",
  create: () => new Map(),
};
