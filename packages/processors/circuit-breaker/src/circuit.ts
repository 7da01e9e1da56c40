import type { Breaker, BreakerMode } from "@dbintel/guard";

/**
 * What is known of one database. A plain record of numbers that the hot path counts up; `Circuits` judges them at the
 * end of each interval. Its breakers are made when something goes wrong for the first time.
 */
export interface Circuit {
  readonly instance: string;
  readonly database: string;
  /** The names as they stand in telemetry, to compare without decoding. */
  readonly instanceUtf8: Uint8Array;
  readonly databaseUtf8: Uint8Array;
  readonly mode: BreakerMode;
  /** The interval in which it was last seen; -1: never. */
  interval: number;
  /** Items that it may still send of its own part. */
  tokens: number;
  /** Whether it is held to its own part, and nothing is lent to it. */
  limited: boolean;
  /** Items of this interval, and those of them beyond what it may send. */
  offered: number;
  excess: number;
  /** Items of this interval that were judged, and those that told of a failure or were slow. */
  judged: number;
  failed: number;
  slow: number;
  /** The last interval in which something told of a failure. */
  sickInterval: number;
  flood: Breaker | undefined;
  health: Breaker | undefined;
}

/** The two breakers of a database: of what it sends, and of how it is. */
export type CircuitKind = "flood" | "health";

export function createCircuit(args: {
  readonly instanceUtf8: Uint8Array;
  readonly databaseUtf8: Uint8Array;
  readonly modeOf: (instance: string, database: string) => BreakerMode;
}): Circuit {
  // Copies: what was found is a view into a batch.
  const instanceUtf8 = Buffer.from(args.instanceUtf8);
  const databaseUtf8 = Buffer.from(args.databaseUtf8);
  const instance = instanceUtf8.toString();
  const database = databaseUtf8.toString();
  return {
    instance,
    database,
    instanceUtf8,
    databaseUtf8,
    mode: args.modeOf(instance, database),
    interval: -1,
    tokens: 0,
    limited: false,
    offered: 0,
    excess: 0,
    judged: 0,
    failed: 0,
    slow: 0,
    sickInterval: 0,
    flood: undefined,
    health: undefined,
  };
}
