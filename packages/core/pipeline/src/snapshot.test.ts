import { expect, it } from "vitest";
import type { Host } from "./host.ts";
import { Snapshot } from "./snapshot.ts";
import { createTestHost } from "./testing/index.ts";

const loss = "counting starts at 0";

function counter(host: Host) {
  let count = 0;
  const snapshot = new Snapshot({
    host,
    name: "count",
    loss,
    take: () => Uint8Array.of(count),
    restore: (bytes) => {
      if (bytes.length !== 1) return false;
      count = bytes[0] ?? 0;
      return true;
    },
  });
  return { snapshot, add: () => ++count };
}

it("is there again after a restart", async () => {
  const host = createTestHost();
  const before = counter(host);
  before.add();
  await before.snapshot.save();
  const after = counter(createTestHost({ storage: host.storage }));
  await after.snapshot.load();
  expect(after.add()).toBe(2);
});

it("warns of what it cannot read or save, and lets the component work", async () => {
  const host = createTestHost();
  await host.storage.save("count", new Uint8Array(2));
  const { snapshot, add } = counter(host);
  await snapshot.load();
  expect(add()).toBe(1);
  expect(host.lines.map(({ message }) => message)).toEqual([`the saved state of count is unreadable; ${loss}`]);

  const failing = {
    durable: true,
    load: () => Promise.reject(new Error("disk")),
    save: () => Promise.reject(new Error("disk")),
  };
  const other = createTestHost();
  const broken = counter({ ...other, storage: failing });
  await broken.snapshot.load();
  await broken.snapshot.save();
  expect(other.lines.map(({ message }) => message)).toEqual([
    `the saved state of count cannot be read; ${loss}`,
    `the state of count was not saved; after a restart without it ${loss}`,
  ]);
});
