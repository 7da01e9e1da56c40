import { logsBuilder } from "@dbintel/pdata";

/** One record in this many is of severity DEBUG, which the relay's filter drops. */
const debugEvery = 5;

/** A request whose records carry a time that can be written in place, without encoding it again. */
export interface RequestTemplate {
  readonly bytes: Buffer;
  /** Where the eight bytes of each record's `time_unix_nano` are. */
  readonly timeOffsets: readonly number[];
  readonly records: number;
  /** Records that pass the filter. */
  readonly kept: number;
}

/** A value that occurs nowhere else in the request. */
const marker = 0x7e57_c0de_5eed_cafen;

/** An export request of database log records with 20 attributes and about a kilobyte each. */
export function requestTemplate(records: number, seed: number): RequestTemplate {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop", "host.name": "app-01", "deployment.environment.name": "bench" } })
    .scope({ name: "bench", version: "1" });
  let kept = 0;
  for (let index = 0; index < records; index++) {
    const debug = index % debugEvery === 0;
    if (!debug) kept += 1;
    builder.record(recordOf(seed * records + index, debug ? 5 : 9));
  }
  const bytes = Buffer.from(builder.build().encode());
  return { bytes, timeOffsets: offsetsOf(bytes), records, kept };
}

function recordOf(number: number, severityNumber: number) {
  const columns = Array.from({ length: 12 }, (_, column) => `t.column_${(number * 7 + column) % 97}`).join(", ");
  const spread = (number * 2_654_435_761) % 2 ** 32;
  return {
    timeUnixNano: marker,
    severityNumber,
    severityText: severityNumber === 5 ? "DEBUG" : "INFO",
    body: "slow query",
    attributes: {
      "db.system.name": "postgresql",
      "db.namespace": ["orders", "users", "stock", "billing"][number % 4],
      "db.operation.name": "SELECT",
      "db.collection.name": `table_${number % 211}`,
      "db.query.text": `SELECT ${columns} FROM table_${number % 211} t JOIN other_${number % 17} o ON o.id = t.other_id WHERE t.tenant = '${spread.toString(36)}' AND t.created_at > now() - interval '${number % 90} days' ORDER BY t.id LIMIT 100`,
      "db.query.summary": `SELECT table_${number % 211}`,
      "db.response.returned_rows": BigInt(number % 5000),
      "db.user": `app_${number % 13}`,
      "server.address": `db-${number % 8}.internal`,
      "server.port": 5432n,
      "network.peer.address": `10.0.${number % 16}.${number % 251}`,
      "postgresql.queryid": `${spread}${number}`,
      "postgresql.calls": BigInt(spread % 10_000),
      "postgresql.total_exec_time": spread / 1e6,
      "postgresql.rows": BigInt(spread % 100_000),
      "postgresql.shared_blks_hit": BigInt(spread % 1_000_000),
      "postgresql.shared_blks_read": BigInt(spread % 1000),
      "postgresql.temp_blks_written": 0n,
      "postgresql.rolname": "app",
      "request.id": `${spread.toString(16)}-${number.toString(16)}`,
    },
  };
}

function offsetsOf(bytes: Buffer): number[] {
  const pattern = Buffer.alloc(8);
  pattern.writeBigUInt64LE(marker);
  const offsets: number[] = [];
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 8)) offsets.push(at);
  return offsets;
}

/** Writes one time into all records. Zero means none. */
export function stamp({ bytes, timeOffsets }: RequestTemplate, nanoseconds: bigint): void {
  for (const offset of timeOffsets) bytes.writeBigUInt64LE(nanoseconds, offset);
}
