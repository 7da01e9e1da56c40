import type { Host } from "@dbintel/pipeline";
import { type Baseline, packCheckpoint, Resumption, unpackCheckpoint } from "@dbintel/polling";
import { z } from "zod";
import { type DigestRow, DigestTable } from "./digest-table.ts";
import { bytesOf, littleEndian } from "./number-bytes.ts";
import { availableCounters, type StatementCounter } from "./statement-columns.ts";
import type { StatementInterval } from "./statement-interval.ts";
import type { StatementMoment, StatementReading } from "./statement-source.ts";

/** Of the form that is written here; another one is not read. */
const version = 2;
/** More rows are not saved: after a restart what the others count begins anew. */
const mostRows = 100_000;

/** What later readings are compared with. */
export interface RememberedReading extends Pick<StatementReading, "epoch" | "table"> {
  /** How many readings of changed rows only it is made of, beside the one of all rows. */
  readonly updates: number;
}

const exact = z.codec(z.string().regex(/^-?\d{1,20}$/), z.bigint(), { decode: BigInt, encode: String });

/** What is told of a reading beside its rows. */
const head = z.object({
  kind: z.literal("mysql statements"),
  version: z.literal(version),
  littleEndian: z.literal(littleEndian),
  counters: z.array(z.string()),
  /** Of rows that were left out. */
  truncated: z.boolean(),
  life: z.number().int(),
  /** A row tells its schema by its number in this list. */
  schemas: z.array(z.string()),
  epoch: z.object({
    clockMicros: exact,
    uptimeSeconds: exact,
    identity: z.string(),
    connectionId: exact,
    /** The collector's clock at the reading. */
    unixMs: z.number(),
  }),
});

/** Keeps what the poll of statements compares with over a restart. */
export class StatementCheckpoint implements Baseline {
  readonly #host: Host;
  readonly #resumption: Resumption;
  /** The last reading that was committed. */
  last: RememberedReading | undefined;
  #life = 0;

  constructor(args: { readonly host: Host; readonly maxAgeMs: number }) {
    this.#host = args.host;
    this.#resumption = new Resumption(args);
  }

  /** That of the server's statistics at the last reading. It counts on over a restart: none comes twice. */
  get life(): number {
    return this.#life;
  }

  take(): Uint8Array | undefined {
    if (this.last === undefined) return undefined;
    const { table, epoch } = this.last;
    const count = Math.min(table.count, mostRows);
    const schemas = new Map<string, number>();
    const digests: string[] = [];
    const schemaOf = new Int32Array(count);
    const firstSeen = new BigUint64Array(count);
    for (let row = 0; row < count; row++) {
      const { schema, digest } = table.key(row);
      digests.push(digest ?? "");
      if (schema !== null && !schemas.has(schema)) schemas.set(schema, schemas.size);
      schemaOf[row] = schema === null ? -1 : (schemas.get(schema) ?? -1);
      firstSeen[row] = BigInt(table.firstSeenMicros(row));
    }
    const { clockMicros, uptimeSeconds, identity, connectionId, own } = epoch;
    const described = head.encode({
      kind: "mysql statements",
      ...{ version, littleEndian },
      counters: table.counters.map(({ column }) => column),
      truncated: table.truncated || table.count > mostRows,
      life: this.#life,
      schemas: [...schemas.keys()],
      epoch: { clockMicros, uptimeSeconds, identity, connectionId, unixMs: this.#unixMs(own.monotonicMs) },
    });
    const parts = [Buffer.from(digests.join("\n")), bytesOf(schemaOf), bytesOf(firstSeen)];
    return packCheckpoint({
      head: described,
      parts: [...parts, bytesOf(table.values.between(0, count * table.counters.length))],
    });
  }

  restore(bytes: Uint8Array, poll?: string): boolean {
    const content = unpackCheckpoint(bytes);
    const described = head.safeDecode(content?.head as z.input<typeof head>);
    if (content === undefined || !described.success) return false;
    const { counters, truncated, life, schemas, epoch } = described.data;
    const rows = rowsOf(content.parts, schemas, counters.length);
    const known = availableCounters(new Set(counters));
    if (rows === undefined || known.length !== counters.length) return false;
    const { unixMs, ...rest } = epoch;
    // A session of an earlier process is none of ours. Its clock goes on in ours as far as nobody set the system's.
    const monotonicMs = this.#host.clock.monotonicMs() - (this.#nowUnixMs() - unixMs);
    const table = new DigestTable(known, rows, truncated);
    this.last = { table, epoch: { ...rest, session: -1, own: { monotonicMs, unixMicros: undefined } }, updates: 0 };
    this.#life = life;
    this.#resumption.restored(epoch, poll);
    return true;
  }

  forget(): void {
    this.last = undefined;
  }

  /** Has later readings compared with this one. What changed since a reading that is forgotten by now is of no use. */
  remember({ reading: { epoch, table }, unread, life }: Pick<StatementInterval, "reading" | "unread" | "life">): void {
    this.#life = life;
    if (unread === undefined) this.last = { epoch, table, updates: 0 };
    else if (this.last?.table === unread) {
      unread.update(table);
      this.last = { epoch, table: unread, updates: this.last.updates + 1 };
    }
  }

  /** For each reading before it is compared: forgets what was restored when it has nothing to do with it. */
  verify({ epoch, counters }: Pick<StatementMoment, "epoch" | "counters">): void {
    const columns = (of: readonly StatementCounter[]) => of.map(({ column }) => column).join();
    const alike = this.last !== undefined && columns(this.last.table.counters) === columns(counters);
    if (!this.#resumption.accepts(epoch, alike)) this.forget();
  }

  #nowUnixMs(): number {
    return Number(this.#host.clock.unixNano() / 1_000_000n);
  }

  /** What the system's clock said at a moment of the other one. */
  #unixMs(monotonicMs: number): number {
    return this.#nowUnixMs() - (this.#host.clock.monotonicMs() - monotonicMs);
  }
}

/** `undefined` when the parts do not fit each other. */
function rowsOf(
  [digestText, schemaBytes, firstSeenBytes, valueBytes]: readonly Uint8Array[],
  schemas: readonly string[],
  width: number,
): readonly DigestRow[] | undefined {
  const count = (firstSeenBytes?.length ?? 0) / 8;
  const digests =
    count === 0
      ? []
      : Buffer.from(digestText ?? [])
          .toString()
          .split("\n");
  const fits =
    digests.length === count && schemaBytes?.length === 4 * count && valueBytes?.length === 8 * width * count;
  if (!fits || firstSeenBytes === undefined) return undefined;
  const schemaOf = new Int32Array(schemaBytes.slice().buffer);
  const firstSeen = new BigUint64Array(firstSeenBytes.slice().buffer);
  const values = new BigUint64Array(valueBytes.slice().buffer);
  return digests.map((digest, row) => ({
    schema: schemas[schemaOf[row] ?? -1] ?? null,
    digest: digest === "" ? null : digest,
    firstSeenMicros: Number(firstSeen[row]),
    values: values.subarray(row * width, (row + 1) * width),
  }));
}
