import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { specOf, testEnvironment } from "../test/components.ts";
import { ReloadableWorld } from "../test/reloadable.ts";
import { Graph, type GraphSpec } from "./index.ts";
import { settle } from "./testing/index.ts";

const version = fc.integer({ min: 1, max: 2 });
const fails = fc.constantFrom(undefined, undefined, undefined, undefined, "create", "start" as const);

/** One path for each record, so that each must be delivered exactly once: through what, and to whom, changes. */
const step = fc.record({
  port: version,
  receiver: version,
  processors: fc.uniqueArray(fc.constantFrom("p", "q", "h", "i"), { maxLength: 3 }),
  processor: version,
  joined: fc.boolean(),
  connector: version,
  exporter: fc.constantFrom("x", "y"),
  directory: fc.constantFrom(undefined, "/a", "/b"),
  exporterVersion: version,
  queued: fc.boolean(),
  extension: version,
  authenticated: fc.boolean(),
  fails: fc.record({ receiver: fails, processor: fails, exporter: fails, extension: fails }),
  /** Turns of the event loop before the reload. */
  pause: fc.integer({ min: 0, max: 4 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function specFor(world: ReloadableWorld, chosen: Step): GraphSpec {
  const { processors, joined, exporter, authenticated } = chosen;
  const optional = <Key extends string, Value>(key: Key, value: Value | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
  const authenticator = optional("authenticator", authenticated ? "guard" : undefined);
  const settings = (of: number, failing: "create" | "start" | undefined) => ({
    version: of,
    ...optional("fails", failing),
  });
  const path = processors.join();
  const pass = settings(chosen.processor, chosen.fails.processor);
  return specOf({
    extensions: { guard: world.extension(settings(chosen.extension, chosen.fails.extension)) },
    receivers: {
      r: world.receiver({ port: chosen.port, ...settings(chosen.receiver, chosen.fails.receiver), ...authenticator }),
    },
    processors: { p: world.processor(pass), q: world.processor(), h: world.holder(), i: world.holder(pass) },
    connectors: { c: world.connector({ version: chosen.connector }) },
    exporters: {
      [exporter]: world.exporter({
        ...settings(chosen.exporterVersion, chosen.fails.exporter),
        ...optional("directory", chosen.directory),
        ...optional("queued", chosen.queued || undefined),
      }),
    },
    pipelines: joined
      ? { "logs/a": `r > ${path} > c`, "logs/b": `c > q > ${exporter}` }
      : { "logs/a": `r > ${path} > ${exporter}` },
  });
}

const sound = (chosen: Step): Step => ({
  ...chosen,
  fails: { receiver: undefined, processor: undefined, exporter: undefined, extension: undefined },
});

describe("reloads under load", () => {
  it("lose nothing, send nothing twice, and keep the accounts balanced, whatever changes and whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(step, fc.array(step, { minLength: 1, maxLength: 6 }), async (first, steps) => {
        const world = new ReloadableWorld();
        const graph = new Graph(specFor(world, sound(first)), testEnvironment());
        await graph.start();
        let over = false;
        const sent: string[] = [];
        const client = async (name: number) => {
          for (let count = 0; !over; count++) {
            const id = `${name}-${count}`;
            sent.push(id);
            // What was refused stays with its sender, which tries again.
            while (!(await world.send(1, id)) && !(await world.send(2, id))) await settle();
            await settle();
          }
        };
        const clients = [client(1), client(2), client(3)];
        for (const chosen of steps) {
          for (let turn = 0; turn < chosen.pause; turn++) await settle();
          await graph.reload(specFor(world, chosen)).catch(() => {});
          expect(graph.ready).toBe(true);
        }
        over = true;
        await Promise.all(clients);
        await graph.stop();
        expect(world.violations).toEqual([]);
        expect(world.delivered.map(({ id }) => id).toSorted()).toEqual(sent.toSorted());
        for (const { kind, id, ledger } of graph.accounts()) {
          expect([kind, id, ledger.of("logs").held]).toEqual([kind, id, 0]);
        }
      }),
      { numRuns: 150, seed: 8 },
    );
  });
});
