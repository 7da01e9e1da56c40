import { expect, it } from "vitest";
import { z } from "zod";
import { defineExtension, Graph, type Host, type SharedKey, type Storage, systemEnvironment } from "./index.ts";
import { MemoryStorage } from "./testing/index.ts";

const counter: SharedKey<{ value: number }> = { name: "counter", create: () => ({ value: 0 }) };

/** An extension that shows its host. */
function revealing(seen: Host[], storage?: Storage) {
  return defineExtension({
    type: "revealing",
    description: "Shows its host.",
    schema: z.strictObject({}),
    stability: "stable",
    create: ({ host }) => {
      seen.push(host);
      const component = { start: async () => {}, stop: async () => {} };
      return storage === undefined ? component : { ...component, storage: () => storage };
    },
  })();
}

function graphOf(extensions: ReadonlyMap<string, ReturnType<typeof revealing>>): Graph {
  const none = new Map();
  return new Graph(
    {
      receivers: none,
      processors: none,
      exporters: none,
      connectors: none,
      extensions,
      service: { extensions: [...extensions.keys()], pipelines: none },
    },
    systemEnvironment(),
  );
}

it("gives all components of a collector the same object, and another collector another one", () => {
  const [first, second]: [Host[], Host[]] = [[], []];
  graphOf(
    new Map([
      ["a", revealing(first)],
      ["b", revealing(first)],
    ]),
  );
  graphOf(new Map([["a", revealing(second)]]));
  const shared = first[0]?.shared(counter);
  expect(first[1]?.shared(counter)).toBe(shared);
  expect(second[0]?.shared(counter)).not.toBe(shared);
});

it("gives the components after a storage extension its storage, and without one a storage that keeps nothing", async () => {
  const seen: Host[] = [];
  const storage = new MemoryStorage();
  graphOf(
    new Map([
      ["a", revealing(seen)],
      ["b", revealing(seen, storage)],
      ["c", revealing(seen)],
    ]),
  );
  const bytes = new Uint8Array([1, 2]);
  await seen[0]?.storage.save("state", bytes);
  expect(seen[0]?.storage.durable).toBe(false);
  expect(await seen[0]?.storage.load("state")).toBeUndefined();
  await seen[2]?.storage.save("state", bytes);
  expect(storage.snapshots.get("state")).toEqual(bytes);
});
