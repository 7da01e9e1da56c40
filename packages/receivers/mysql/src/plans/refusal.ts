import type { NoPlanReason } from "@dbintel/watching";

/** By the numbers of the servers' error message references. */
const reasons: Readonly<Record<number, NoPlanReason>> = {
  1044: "no_permission", // schema
  1142: "no_permission", // table
  1143: "no_permission", // column
  1227: "no_permission",
  1345: "no_permission", // of a view that may not be looked into
  1370: "no_permission", // routine
  1049: "missing_object", // schema
  1054: "missing_object", // column
  1109: "missing_object",
  1146: "missing_object", // table
  1305: "missing_object", // routine
  1356: "missing_object", // of a view
  1792: "not_explainable", // would write
  1205: "timeout", // lock wait
  1317: "timeout", // killed
  1969: "timeout", // max_statement_time
  3024: "timeout", // max_execution_time
};

/** Why the server has not planned a statement, by the number of its error; `undefined` for what is no answer of it. */
export function refusalOf(error: unknown): NoPlanReason | undefined {
  if (!(error instanceof Error) || !("sqlState" in error) || ("fatal" in error && error.fatal === true))
    return undefined;
  return reasons["errno" in error ? Number(error.errno) : 0] ?? "refused";
}
