import { seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { type Circuit, createCircuit } from "./circuit.ts";
import { Shares } from "./shares.ts";

const perSecond = 1000;
const burstSeconds = 3;
const seconds = 100;

function circuitNamed(name: string): Circuit {
  const databaseUtf8 = Buffer.from(name);
  return createCircuit({ instanceUtf8: Buffer.alloc(0), databaseUtf8, modeOf: () => "auto" });
}

it.each([1, 2, 3, 4, 5])(
  "gives each database at work its part whatever others ask for, and all together no more than there is (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const shares = new Shares({ itemsPerSecond: perSecond, burstMs: burstSeconds * 1000, intervalMs: 1000 });
    const databases = Array.from({ length: 1 + Math.floor(random.next() * 20) }, (_, index) =>
      circuitNamed(`${index}`),
    );
    const part = perSecond / databases.length;
    let passed = 0;
    for (let second = 0; second < seconds; second++) {
      // Each asks for nothing to ten times its part, now one and now another.
      const wanted = databases.map(() => Math.floor(10 * part * random.next() ** 4));
      const left = [...wanted];
      const got = databases.map(() => 0);
      for (const circuit of databases) {
        shares.enter(circuit, second - circuit.interval);
        circuit.interval = second;
      }
      for (let turn = left.reduce((sum, count) => sum + count, 0); turn > 0; ) {
        const index = Math.floor(random.next() * databases.length);
        const circuit = databases[index];
        if (circuit === undefined || left[index] === 0) continue;
        left[index] = (left[index] ?? 0) - 1;
        turn--;
        if (shares.take(circuit)) got[index] = (got[index] ?? 0) + 1;
      }
      for (const [index, count] of got.entries()) {
        // Whole items only: a part of 47.6 is 47 now and then.
        expect(count).toBeGreaterThanOrEqual(Math.min(wanted[index] ?? 0, Math.floor(part)));
        passed += count;
      }
      shares.turn(1000, databases.length);
    }
    // They begin at once with a burst of a whole, a half, a third …, and a burst may be lent.
    const bursts = 1 + databases.reduce((sum, _database, index) => sum + 1 / (index + 1), 0);
    expect(passed).toBeLessThanOrEqual(perSecond * (seconds + burstSeconds * bursts));
  },
);
