import { type Host, Snapshot } from "@dbintel/pipeline";
import { parsedSnapshot, snapshotOf } from "../snapshot.ts";
import type { ByStatement } from "./by-statement.ts";
import { type Callers, savedCallers } from "./callers.ts";
import { type ServerFacts, savedServerFacts } from "./server-facts.ts";

/** Keeps loads and plans of statements over a restart. */
export function saveStatements(host: Host, server: ByStatement<ServerFacts>): Snapshot {
  return new Snapshot({
    host,
    name: "statements",
    loss: "spans are not told of a statement's load before it is reported again",
    take: () => snapshotOf(server.entries().map(([place, { load, plan }]) => ({ ...place, load, plan }))),
    restore: (bytes) => {
      const saved = parsedSnapshot(bytes, savedServerFacts);
      for (const { load, plan, ...place } of saved ?? []) Object.assign(server.at(place), { load, plan });
      return saved !== undefined;
    },
  });
}

/** Keeps over a restart who executed statements. */
export function saveCallers(
  host: Host,
  callers: ByStatement<Callers>,
  most: { services: number; traces: number },
): Snapshot {
  return new Snapshot({
    host,
    name: "callers",
    loss: "statements are not told who executes them before the next spans",
    take: () => snapshotOf(callers.entries().map(([place, facts]) => ({ ...place, ...facts.save() }))),
    restore: (bytes) => {
      const saved = parsedSnapshot(bytes, savedCallers);
      for (const { services, traces, ...place } of saved ?? []) {
        const facts = callers.at(place);
        for (const [name, atMs] of services) facts.service(name, atMs, most.services);
        for (const [id, atMs] of traces) facts.trace(id, atMs, most.traces);
      }
      return saved !== undefined;
    },
  });
}
