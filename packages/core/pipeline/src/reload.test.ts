import { describe, expect, it } from "vitest";
import { specOf, testEnvironment, testExporter } from "../test/components.ts";
import { ReloadableWorld } from "../test/reloadable.ts";
import { Graph, type Reloaded } from "./index.ts";

const ids = (components: Reloaded["kept"]) => components.map(({ kind, id }) => `${kind} ${id}`).toSorted();

/** A running graph of one receiver, one processor and one exporter, and what a test changes of it. */
async function running(first: Partial<Parameters<typeof specOf>[0]> = {}) {
  const world = new ReloadableWorld();
  const spec = (change: Partial<Parameters<typeof specOf>[0]> = {}) =>
    specOf({
      receivers: { r: world.receiver({ port: 1 }) },
      processors: { p: world.processor() },
      exporters: { x: world.exporter() },
      pipelines: { logs: "r > p > x" },
      ...change,
    });
  const environment = testEnvironment();
  const graph = new Graph(spec(first), environment);
  await graph.start();
  world.diary.length = 0;
  const reload = (change: Partial<Parameters<typeof specOf>[0]> = {}) => graph.reload(spec(change));
  const state = (id: string) => graph.components().find((component) => component.id === id)?.status.state;
  const account = (id: string) => {
    const { received, sent, refused, held } =
      graph
        .accounts()
        .find((component) => component.id === id)
        ?.ledger.of("logs") ?? {};
    return { received, sent, refused, held };
  };
  return { world, graph, reload, state, account, environment };
}

describe("a reload", () => {
  it("leaves everything as it is when nothing has changed", async () => {
    const { world, reload } = await running();
    const { kept, started, stopped, failures } = await reload();
    expect(ids(kept)).toEqual(["exporter x", "processor p", "receiver r"]);
    expect([started, stopped, failures, world.diary]).toEqual([[], [], [], []]);
  });

  it("exchanges what has changed and keeps its neighbours", async () => {
    const { world, reload, account } = await running();
    await world.send(1, "before");
    const { kept, started } = await reload({ exporters: { x: world.exporter({ version: 2 }) } });
    expect(ids(kept)).toEqual(["processor p", "receiver r"]);
    expect(ids(started)).toEqual(["exporter x"]);
    expect(world.diary).toEqual(["start exporter x #4", "stop exporter x #1"]);
    await world.send(1, "after");
    expect(world.delivered.map(({ by }) => by)).toEqual(["exporter x #1", "exporter x #4"]);
    // Who takes the place goes on with its accounts.
    expect(account("x")).toEqual({ received: 2, sent: 2, refused: 0, held: 0 });
  });

  it("hands what an exporter still has to the one that takes its place, and back when the reload fails after all", async () => {
    const world = new ReloadableWorld();
    const parts = {
      exporters: { x: world.exporter({ queued: true }) },
      processors: {},
      pipelines: { logs: "r > > x" },
    };
    const receivers = { r: world.receiver({ port: 1 }) };
    const { reload, account } = await running({ ...parts, receivers });
    await world.send(1, "waits");
    const next = { exporters: { x: world.exporter({ queued: true, version: 2 }) } };
    const broken = reload({ ...parts, ...next, receivers: { r: world.receiver({ port: 1, fails: "start" }) } });
    await expect(broken).rejects.toThrow("no room");
    expect([account("x"), world.delivered]).toEqual([{ received: 1, sent: 0, refused: 0, held: 1 }, []]);
    await reload({ ...parts, ...next, receivers });
    expect([account("x"), world.delivered]).toEqual([{ received: 1, sent: 0, refused: 0, held: 1 }, []]);
    await reload({ ...parts, exporters: { y: world.exporter() }, pipelines: { logs: "r > > y" }, receivers });
    expect(world.delivered.map(({ id }) => id)).toEqual(["waits"]);
    expect(account("x")).toEqual({ received: 1, sent: 1, refused: 0, held: 0 });
    expect(world.violations).toEqual([]);
  });

  it("keeps a processor that gets another neighbour, and takes out one with what it holds", async () => {
    const { world, reload, account } = await running({});
    await reload({
      processors: { p: world.processor(), h: world.holder() },
      pipelines: { logs: "r > p, h > x" },
    });
    await world.send(1, "held");
    expect(world.delivered).toEqual([]);
    const { kept, stopped } = await reload();
    expect(ids(kept)).toContain("processor p");
    expect(ids(stopped)).toEqual(["processor h"]);
    expect(world.delivered.map(({ id }) => id)).toEqual(["held"]);
    expect(account("h")).toEqual({ received: 1, sent: 1, refused: 0, held: 0 });
  });

  it("opens a listener on another port before it closes the one before", async () => {
    const { world, reload } = await running();
    await reload({ receivers: { r: world.receiver({ port: 2 }) } });
    expect(world.diary).toEqual(["start receiver r #4", "stop receiver r #3"]);
    expect(await world.send(1, "x")).toBe(false);
    expect(await world.send(2, "x")).toBe(true);
  });

  it("stops who has the port, or the directory, before it starts who wants it", async () => {
    const { world, reload } = await running({ exporters: { x: new ReloadableWorld().exporter() } });
    await reload({
      receivers: { other: world.receiver({ port: 1, version: 2 }) },
      exporters: { x: world.exporter({ directory: "/a" }) },
      pipelines: { logs: "other > p > x" },
    });
    world.diary.length = 0;
    await reload({
      receivers: { other: world.receiver({ port: 1, version: 2 }) },
      exporters: { y: world.exporter({ directory: "/a" }) },
      pipelines: { logs: "other > p > y" },
    });
    expect(world.diary.map((line) => line.replace(/ #\d+/, ""))).toEqual(["stop exporter x", "start exporter y"]);
    expect(world.violations).toEqual([]);
  });

  it.each(["create", "start"] as const)("changes nothing when a new component fails to %s", async (fails) => {
    const { world, graph, reload, state } = await running();
    const broken = reload({
      receivers: { r: world.receiver({ port: 2 }) },
      exporters: { x: world.exporter(), bad: world.exporter({ fails }) },
      pipelines: { logs: "r > p > x, bad" },
    });
    await expect(broken).rejects.toMatchObject({ code: "DBI_COMPONENT_START" });
    expect(graph.ready).toBe(true);
    expect(state("r")).toBe("ok");
    expect([await world.send(2, "no"), await world.send(1, "yes")]).toEqual([false, true]);
    expect(ids((await reload()).kept)).toHaveLength(3);
    expect(world.violations).toEqual([]);
  });

  it("starts again what had to stop for a component that then fails to start", async () => {
    const { world, reload, state } = await running();
    const broken = reload({ receivers: { r: world.receiver({ port: 1, fails: "start" }) } });
    await expect(broken).rejects.toThrow('cannot start receiver "r": no room');
    expect(state("r")).toBe("ok");
    expect(world.diary).toEqual(["stop receiver r #3", "start receiver r #3"]);
    expect(await world.send(1, "yes")).toBe(true);
  });

  it("exchanges those that ask for an extension together with it", async () => {
    const settings = { port: 1, authenticator: "guard" };
    const first = new ReloadableWorld();
    const { reload } = await running({
      extensions: { guard: first.extension(), other: first.extension() },
      receivers: { r: first.receiver(settings) },
    });
    const same = await reload({
      extensions: { guard: first.extension(), other: first.extension({ version: 2 }) },
      receivers: { r: first.receiver(settings) },
    });
    expect(ids(same.started)).toEqual(["extension other"]);
    const changed = await reload({
      extensions: { guard: first.extension({ version: 2 }) },
      receivers: { r: first.receiver(settings) },
    });
    expect(ids(changed.started)).toEqual(["extension guard", "receiver r"]);
    expect(ids(changed.stopped)).toEqual(["extension guard", "extension other", "receiver r"]);
    expect(first.violations).toEqual([]);
  });

  it("creates a receiver anew when it is to take another signal, and a connector when it feeds another pipeline", async () => {
    const world = new ReloadableWorld();
    const parts = {
      receivers: { r: world.receiver({ port: 1 }) },
      connectors: { c: world.connector() },
      processors: {},
      exporters: { x: world.exporter() },
    };
    const { reload } = await running({ ...parts, pipelines: { "logs/a": "r > > c", "logs/b": "c > > x" } });
    const pipelines = { "logs/a": "r > > c", "logs/b": "c > > x", "logs/c": "c > > x" };
    expect(ids((await reload({ ...parts, pipelines })).started)).toEqual(["connector c"]);
    await world.send(1, "1");
    await world.send(1, "2");
    expect(world.delivered.map(({ id }) => id)).toEqual(["1", "1", "2", "2"]);
  });

  it("refuses a configuration that cannot be joined, and reloads one after the other", async () => {
    const { world, reload } = await running();
    await expect(reload({ pipelines: { logs: "r > p > none" } })).rejects.toMatchObject({ code: "DBI_CONFIG_INVALID" });
    const [first, second] = await Promise.all([
      reload({ exporters: { x: world.exporter({ version: 2 }) } }),
      reload({ exporters: { x: world.exporter({ version: 3 }) } }),
    ]);
    expect([ids(first.stopped), ids(second.stopped)]).toEqual([["exporter x"], ["exporter x"]]);
  });

  it("ends when the graph is stopped, which stops everything once", async () => {
    const { world, graph, reload } = await running();
    const reloading = reload({ exporters: { x: world.exporter({ version: 2 }) } });
    const [outcome] = await Promise.allSettled([reloading, graph.stop()]);
    expect(outcome.status === "rejected" ? outcome.reason : undefined).toMatchObject({ code: "DBI_ABORTED" });
    const open = world.diary.filter((line) => line.startsWith("start")).length + 3;
    expect(world.diary.filter((line) => line.startsWith("stop"))).toHaveLength(open);
    await expect(reload()).rejects.toMatchObject({ code: "DBI_SHUTTING_DOWN" });
  });

  it("waits for calls to what leaves, until the deadline", async () => {
    const stuck = Promise.withResolvers<void>();
    const first = { exporters: { x: testExporter({ consume: () => stuck.promise }) } };
    const { world, reload, environment, account } = await running(first);
    const call = world.send(1, "stuck");
    let over = false;
    const reloading = reload().finally(() => {
      over = true;
    });
    await expect.poll(() => environment.clock.pendingTimers, { message: "the deadline is set" }).toBe(1);
    await environment.clock.advance(29_000);
    expect(over).toBe(false);
    expect(await world.send(1, "the new way")).toBe(true);
    await environment.clock.advance(1000);
    expect(ids((await reloading).stopped)).toEqual(["exporter x"]);
    stuck.resolve();
    expect(await call).toBe(true);
    expect(account("x")).toEqual({ received: 2, sent: 2, refused: 0, held: 0 });
  });
});
