import type { Row, Value } from "@dbintel/watching";

/** What passed this is a difference below zero that the server could not show: its counters have no sign. */
const largestGauge = 2n ** 63n;

/** What MySQL and MariaDB call differently; the first that a server has. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  redo_log_lsn_current: ["innodb_redo_log_current_lsn", "innodb_lsn_current"],
  redo_log_lsn_checkpoint: ["innodb_redo_log_checkpoint_lsn", "innodb_lsn_last_checkpoint"],
  redo_log_capacity: ["innodb_redo_log_capacity_resized", "innodb_log_file_size"],
};

/** What is the first less the second. */
const differences: Readonly<Record<string, readonly [whole: string, part: string]>> = {
  pages_clean: ["innodb_buffer_pool_pages_data", "innodb_buffer_pool_pages_dirty"],
  bytes_clean: ["innodb_buffer_pool_bytes_data", "innodb_buffer_pool_bytes_dirty"],
  redo_log_checkpoint_age: ["redo_log_lsn_current", "redo_log_lsn_checkpoint"],
};

/** The status variables and settings that these columns of the row are made of, by their lower-case names. */
export function statusNames(columns: Iterable<string>): readonly string[] {
  const names = new Set<string>();
  const add = (column: string): void => {
    const sources = differences[column] ?? synonyms[column];
    if (sources === undefined) names.add(column);
    else sources.forEach(add);
  };
  for (const column of columns) add(column);
  return [...names];
}

/** Status variables and settings as one row, by their lower-case names, with what follows from them. */
export function statusRow(values: Iterable<readonly [name: string, value: string]>): Row {
  const row: Record<string, Value> = {};
  for (const [name, value] of values) {
    if (/^\d{1,20}$/.test(value) && BigInt(value) < largestGauge) row[name] = BigInt(value);
  }
  for (const [name, known] of Object.entries(synonyms)) {
    row[name] = known.map((each) => row[each]).find((each) => each !== undefined) ?? null;
  }
  for (const [name, [whole, part]] of Object.entries(differences)) row[name] = difference(row, whole, part);
  return row;
}

/** Read one after the other, the two may disagree by a little. */
function difference(row: Row, whole: string, part: string): Value {
  const [all, some] = [row[whole], row[part]];
  return typeof all === "bigint" && typeof some === "bigint" ? (all > some ? all - some : 0n) : null;
}
