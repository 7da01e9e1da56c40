import type { Breaker, BreakerSnapshot } from "@dbintel/guard";
import { logsBuilder } from "@dbintel/pdata";
import { z } from "zod";
import type { Circuit, CircuitKind } from "./circuit.ts";
import type { CircuitFinder } from "./circuit-finder.ts";
import type { CircuitBreakerConfig } from "./config.ts";
import type { ExporterCircuits, ExporterSnapshot } from "./exporter-circuits.ts";

const breakerState = z.strictObject({
  state: z.enum(["closed", "open"]),
  openings: z.number().nonnegative(),
  remainingMs: z.number().nonnegative(),
});

const saved = z.strictObject({
  version: z.literal(1),
  savedUnixMs: z.number(),
  circuits: z.array(
    z.strictObject({
      instance: z.string(),
      database: z.string(),
      flood: breakerState.optional(),
      health: breakerState.optional(),
    }),
  ),
  exporters: z.array(
    z.strictObject({
      exporter: z.string(),
      kind: z.enum(["rate_limit", "quota", "cardinality", "api_key"]),
      state: breakerState,
    }),
  ),
});

type Saved = z.output<typeof saved>;

/** What is not well, as bytes for `host.storage`. */
export function takeSnapshot(args: {
  readonly unixMs: number;
  readonly circuits: Iterable<Circuit>;
  readonly exporters: readonly ExporterSnapshot[];
}): Uint8Array {
  const circuits: Saved["circuits"] = [];
  for (const { instance, database, flood, health } of args.circuits) {
    const states = { flood: flood?.snapshot(), health: health?.snapshot() };
    if (states.flood !== undefined || states.health !== undefined) circuits.push({ instance, database, ...states });
  }
  const snapshot: Saved = { version: 1, savedUnixMs: args.unixMs, circuits, exporters: [...args.exporters] };
  return Buffer.from(JSON.stringify(snapshot));
}

/** False for a snapshot that is damaged or of another version; nothing of it is used then. */
export function restoreSnapshot(args: {
  readonly snapshot: Uint8Array;
  readonly unixMs: number;
  readonly finder: CircuitFinder;
  readonly config: CircuitBreakerConfig;
  readonly exporters: ExporterCircuits;
  readonly breakerOf: (circuit: Circuit, kind: CircuitKind) => Breaker;
}): boolean {
  const state = parsed(args.snapshot);
  if (state === undefined) return false;
  const elapsedMs = Math.max(0, args.unixMs - state.savedUnixMs);
  args.exporters.restore(state.exporters, elapsedMs);
  for (const { instance, database, ...states } of state.circuits) {
    const circuit = circuitNamed(args.finder, args.config, instance, database);
    if (circuit === undefined) continue;
    const restore = (kind: CircuitKind, snapshot: BreakerSnapshot | undefined) => {
      if (snapshot !== undefined) args.breakerOf(circuit, kind).restore(snapshot, elapsedMs);
    };
    restore("flood", states.flood);
    restore("health", states.health);
  }
  return true;
}

/** Found as an item is that bears these names, so that the same slot is found later. */
function circuitNamed(finder: CircuitFinder, config: CircuitBreakerConfig, instance: string, database: string) {
  const [instanceKey] = config.instance_attributes;
  const [databaseKey] = config.database_attributes;
  const attributes = {
    ...(instanceKey !== undefined && instance !== "" && { [instanceKey]: instance }),
    ...(databaseKey !== undefined && database !== "" && { [databaseKey]: database }),
  };
  const records = logsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "" })
    .record({ attributes })
    .build()
    .records();
  finder.begin();
  return records.advance() ? finder.find(records) : undefined;
}

function parsed(bytes: Uint8Array): Saved | undefined {
  try {
    return saved.safeParse(JSON.parse(Buffer.from(bytes).toString())).data;
  } catch {
    return undefined;
  }
}
