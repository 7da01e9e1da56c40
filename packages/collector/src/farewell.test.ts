import { Ledger } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { farewell, tellUnbalanced, tellUndelivered } from "./farewell.ts";

const component = (id: string, state: "stopped" | "stopping", holds = 0) => {
  const held = () => holds;
  return { kind: "exporter", id, pipeline: undefined, status: { state }, ledger: new Ledger(), held } as const;
};

it("says by exporter what was dropped in the shutdown, what stays on disk and what is lost", () => {
  const [clean, memory, disk, hung] = [
    component("clean", "stopped"),
    component("memory", "stopped"),
    component("disk", "stopped", 9),
    component("hung", "stopping"),
  ];
  for (const { ledger } of [clean, memory, disk, hung]) ledger.received("logs", 10);
  clean.ledger.dropped("logs", 4, "rejected");
  const end = farewell(() => [clean, memory, disk, hung]);
  clean.ledger.sent("logs", 6);
  memory.ledger.sent("logs", 3);
  memory.ledger.dropped("logs", 7, "shutdown");
  disk.ledger.sent("logs", 1);
  const { lines, logger } = createTestHost();
  tellUndelivered(end.undelivered(), logger);
  expect(lines.map(({ fields }) => fields)).toMatchObject([
    { "otelcol.component.id": "memory", dropped: { shutdown: 7 }, kept_on_disk: 0, lost: 0 },
    { "otelcol.component.id": "disk", dropped: {}, kept_on_disk: 9, lost: 0 },
    { "otelcol.component.id": "hung", dropped: {}, kept_on_disk: 0, lost: 10 },
  ]);
});

it("names the accounts that do not balance, and looks at those that have stopped", () => {
  const [exact, keeps, lost, twice, hung] = [
    component("exact", "stopped"),
    component("keeps", "stopped", 4),
    component("lost", "stopped", 2),
    component("twice", "stopped"),
    component("hung", "stopping"),
  ];
  for (const { ledger } of [exact, keeps, lost, twice, hung]) ledger.received("logs", 10);
  exact.ledger.sent("logs", 10);
  keeps.ledger.sent("logs", 6);
  lost.ledger.sent("logs", 5);
  twice.ledger.sent("logs", 11);
  const audit = farewell(() => [exact, keeps, lost, twice, hung]).audit();
  expect(audit.accounts).toBe(4);
  const { lines, logger } = createTestHost();
  tellUnbalanced(audit, logger);
  expect(lines).toMatchObject([
    { level: "error", fields: { "otelcol.component.id": "lost", unaccounted: 3 } },
    { level: "error", fields: { "otelcol.component.id": "twice", unaccounted: -1 } },
  ]);
});
