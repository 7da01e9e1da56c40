import type { Host } from "@dbintel/pipeline";
import { type Baseline, packCheckpoint, Resumption, unpackCheckpoint } from "@dbintel/polling";
import { z } from "zod";
import {
  placesOf,
  type StatementColumn,
  type StatementShape,
  sameShape,
  statementCounters,
  statementStates,
} from "./statement-columns.ts";
import { Fingerprints } from "./statement-filter.ts";
import type { RememberedReading, StatementMemory } from "./statement-memory.ts";
import type { StatementReading } from "./statement-source.ts";
import { StatementTable } from "./statement-table.ts";

/** Of the form that is written here; another one is not read. */
const version = 2;
/** More entries are not saved: after a restart the rest begins anew. */
const mostEntries = 100_000;
/** Rows are saved as they are in memory. */
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

const micros = z.codec(z.string().regex(/^\d{1,19}$/), z.bigint(), { decode: BigInt, encode: String });

/** What is told of a reading beside its rows. */
const head = z.object({
  kind: z.literal("postgresql statements"),
  version: z.literal(version),
  littleEndian: z.literal(littleEndian),
  identity: z.string().optional(),
  shape: z.object({
    counters: z.array(z.enum(statementCounters.map(({ column }) => column))),
    states: z.array(z.enum(statementStates)),
    toplevel: z.boolean(),
    statsSince: z.boolean(),
    minmaxSince: z.boolean(),
  }),
  epoch: z.object({
    clockMicros: micros,
    startedMicros: micros,
    statsResetMicros: micros.optional(),
    deallocations: micros.optional(),
  }),
  complete: z.boolean(),
  databases: z.array(z.tuple([z.number(), z.string(), z.number().nullable()])),
  missing: z.array(z.tuple([z.number(), micros, z.number()])),
});

/** Keeps what the statement poll remembers over a restart. */
export class StatementCheckpoint implements Baseline {
  readonly #memory: StatementMemory;
  readonly #identity: () => string | undefined;
  readonly #resumption: Resumption;

  constructor(args: {
    readonly host: Host;
    readonly memory: StatementMemory;
    /** The identifier of the server that was read last. */
    readonly identity: () => string | undefined;
    readonly maxAgeMs: number;
  }) {
    this.#memory = args.memory;
    this.#identity = args.identity;
    this.#resumption = new Resumption(args);
  }

  take(): Uint8Array | undefined {
    const { last } = this.#memory;
    if (last === undefined) return undefined;
    const { table, epoch, databases, missing } = last;
    const { counters, states, toplevel, statsSince, minmaxSince } = table.shape;
    const described = head.encode({
      kind: "postgresql statements",
      ...{ version, littleEndian, epoch },
      identity: this.#identity(),
      shape: {
        counters: counters.map(({ column }) => column as StatementColumn),
        states: [...states],
        toplevel,
        statsSince,
        minmaxSince,
      },
      complete: last.complete && table.count <= mostEntries,
      databases: [...databases].map(([id, { name, activeMillis }]) => [id, name, activeMillis ?? null]),
      missing: [...missing]
        .filter(([row]) => row < mostEntries)
        .map(([row, { seenMicros, readings }]) => [row, seenMicros, readings]),
    });
    return packCheckpoint({ head: described, parts: [table.bytes(mostEntries)] });
  }

  restore(bytes: Uint8Array, poll?: string): boolean {
    const content = unpackCheckpoint(bytes);
    const described = head.safeDecode(content?.head as z.input<typeof head>);
    if (content === undefined || !described.success) return false;
    const { shape, epoch, complete, databases, missing, identity } = described.data;
    const [rows] = content.parts;
    const table = rows === undefined ? undefined : StatementTable.of(shapeOf(shape), rows);
    if (table === undefined) return false;
    const remembered: RememberedReading = {
      ...{ table, complete },
      fingerprints: new Fingerprints(table),
      epoch: { ...epoch, statsResetMicros: epoch.statsResetMicros, deallocations: epoch.deallocations },
      databases: new Map(databases.map(([id, name, active]) => [id, { name, activeMillis: active ?? undefined }])),
      partialReadings: 0,
      missing: new Map(missing.map(([row, seenMicros, readings]) => [row, { seenMicros, readings }])),
    };
    this.#memory.restore(remembered);
    this.#resumption.restored({ identity, clockMicros: epoch.clockMicros }, poll);
    return true;
  }

  forget(): void {
    this.#memory.restore(undefined);
  }

  /** For each reading before it is compared: forgets what was restored when it has nothing to do with it. */
  verify({ epoch, table }: StatementReading): void {
    const { last } = this.#memory;
    const alike = last !== undefined && sameShape(last.table.shape, table.shape);
    const now = { identity: this.#identity(), clockMicros: epoch.clockMicros };
    if (!this.#resumption.accepts(now, alike)) this.forget();
  }
}

/** The shape of saved rows; its fields are those of no server, so that the first reading is one of all entries. */
function shapeOf({ counters, ...shape }: z.output<typeof head>["shape"]): StatementShape {
  const named = new Map<string, (typeof statementCounters)[number]>(
    statementCounters.map((counter) => [counter.column, counter]),
  );
  const known = counters.flatMap((column) => named.get(column) ?? []);
  return { ...shape, counters: known, places: placesOf(known, shape.states), fields: [] };
}
