import { type Cursor, decode, decodeMetrics, type Resource, type Scope, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { request } from "./oracle/arbitrary.ts";
import {
  canonical,
  decodeFully,
  encodeFully,
  lists,
  newMessage,
  type OracleAttributed,
  type OracleMetric,
} from "./oracle/oracle.ts";
import { readMetric, readOracleMetric } from "./oracle/reading.ts";
import { fromOracleValue, toOracleKeyValue } from "./oracle/values.ts";

/** A cursor is the same object at each position: it is read while it stands there. */
function map<C, R>(cursor: Iterable<C>, read: (at: C) => R): R[] {
  return Array.from(cursor, read);
}

function attributesOf(message: OracleAttributed | undefined): unknown[] {
  return (message?.attributes ?? []).map(({ key, value }) => [key, fromOracleValue(value)]);
}

const readResource = (resource: Resource) => [resource.schemaUrl, ...resource.attributes.entries()];
const readScope = (scope: Cursor & Scope & { resource: Resource }) => [
  scope.name,
  scope.version,
  scope.schemaUrl,
  readResource(scope.resource),
  ...scope.attributes.entries(),
];

describe.each(signals)("%s", (signal) => {
  const { groups, containers } = lists(signal);

  test("resources and scopes are walked, also those without items", () => {
    fc.assert(
      fc.property(request(signal), (message) => {
        const batch = decode(signal, encodeFully(signal, message));
        const resource = (group: { schemaUrl: string; resource?: OracleAttributed }) => [
          group.schemaUrl,
          ...attributesOf(group.resource),
        ];
        expect(map(batch.resources(), readResource)).toEqual(groups(message).map(resource));
        expect(map(batch.scopes(), readScope)).toEqual(
          groups(message).flatMap((group) =>
            containers(group).map(({ scope, schemaUrl }) => [
              scope?.name ?? "",
              scope?.version ?? "",
              schemaUrl,
              resource(group),
              ...attributesOf(scope),
            ]),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });

  test("resources and scopes are edited, also those without items", () => {
    fc.assert(
      fc.property(request(signal), (message) => {
        const bytes = encodeFully(signal, message);
        const batch = decode(signal, bytes);
        const objects = decodeFully(signal, bytes);
        for (const { attributes } of batch.resources()) attributes.set("added", "x".repeat(200));
        for (const scope of batch.scopes()) {
          scope.name = "named";
          scope.version = "2";
        }
        for (const group of groups(objects)) {
          group.resource ??= newMessage<OracleAttributed>("resource.v1.Resource");
          group.resource.attributes = group.resource.attributes.filter(({ key }) => key !== "added");
          group.resource.attributes.push(toOracleKeyValue("added", "x".repeat(200)));
          for (const container of containers(group)) {
            container.scope ??= newMessage<OracleAttributed>("common.v1.InstrumentationScope");
            container.scope.name = "named";
            container.scope.version = "2";
          }
        }
        expect(canonical(signal, batch.encode())).toBe(Buffer.from(encodeFully(signal, objects)).toString("hex"));
      }),
      { numRuns: 100 },
    );
  });
});

test("metrics are walked and edited, also those without points", () => {
  const { groups, containers, items } = lists("metrics");
  fc.assert(
    fc.property(request("metrics"), fc.nat(), (message, seed) => {
      const bytes = encodeFully("metrics", message);
      const objects = decodeFully("metrics", bytes);
      const batch = decodeMetrics(bytes);
      const all = groups(objects).flatMap((group) => containers(group).flatMap(items)) as OracleMetric[];
      expect(map(batch.metrics(), readMetric)).toEqual(all.map(readOracleMetric));
      let at = 0;
      for (const metric of batch.metrics()) {
        const object = all[at];
        metric.name += "!";
        metric.unit = "By";
        metric.description = "";
        if (object !== undefined)
          Object.assign(object, { name: `${String(object.name)}!`, unit: "By", description: "" });
        if (at++ === seed % (all.length + 1)) metric.drop("chosen");
      }
      for (const group of [...groups(objects)]) {
        for (const container of [...containers(group)]) {
          const list = items(container);
          const chosen = list.indexOf(all[seed % (all.length + 1)] as OracleMetric);
          if (chosen < 0) continue;
          list.splice(chosen, 1);
          if (list.length === 0) containers(group).splice(containers(group).indexOf(container), 1);
          if (containers(group).length === 0) groups(objects).splice(groups(objects).indexOf(group), 1);
        }
      }
      expect(canonical("metrics", batch.encode())).toBe(Buffer.from(encodeFully("metrics", objects)).toString("hex"));
      expect(batch.byteSize).toBe(batch.encode().length);
    }),
    { numRuns: 100 },
  );
});
