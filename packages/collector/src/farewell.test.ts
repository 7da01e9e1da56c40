import { Ledger } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { farewell, tellUndelivered } from "./farewell.ts";

const component = (id: string, state: "stopped" | "stopping") => {
  return { kind: "exporter", id, pipeline: undefined, status: { state }, ledger: new Ledger() } as const;
};

it("says by exporter what was dropped in the shutdown, what stays on disk and what is lost", () => {
  const [clean, memory, disk, hung] = [
    component("clean", "stopped"),
    component("memory", "stopped"),
    component("disk", "stopped"),
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
