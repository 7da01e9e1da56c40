import { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import type { Problems } from "@dbintel/polling";
import { afterEach, beforeEach, expect, it } from "vitest";
import { InstanceSet, type InstanceWatch } from "./instance-set.ts";
import { fixedListing, type InstanceEntry, type ListedInstance } from "./listing/listing.ts";

/** A watch of no server, which tells what was done to it. */
class Watch implements InstanceWatch {
  readonly endpoint: string;
  readonly host: Host;
  readonly problems: Problems;
  #begun = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  state: "new" | "started" | "stopping" | "stopped" = "new";

  constructor(args: { readonly entry: InstanceEntry; readonly host: Host; readonly problems: Problems }) {
    this.endpoint = args.entry.endpoint;
    this.host = args.host;
    this.problems = args.problems;
  }

  async start(): Promise<void> {
    this.state = "started";
  }

  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Plays the first answer of the server. */
  answer(): void {
    this.#begun.resolve();
  }

  /** Holds `stop` up until `release`, or until it is aborted. */
  slow = false;

  release(): void {
    this.#stopped.resolve();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.state = "stopping";
    if (signal.aborted) this.release();
    signal.addEventListener("abort", () => this.release());
    if (this.slow) await this.#stopped.promise;
    this.state = "stopped";
  }

  held(): number {
    return 1;
  }

  up: boolean | undefined;
  retries = 0;

  /** Whether it has left something alone. */
  waits = true;

  retry(): boolean {
    this.retries++;
    if (this.waits) this.#begun = Promise.withResolvers();
    return this.waits;
  }
}

let host: ReturnType<typeof createTestHost>;
let watches: Watch[];
let set: InstanceSet<InstanceEntry> | undefined;
/** What the listing answers. */
let listed: readonly string[] | Error;

beforeEach(() => {
  host = createTestHost();
  watches = [];
  listed = [];
  set = undefined;
});
afterEach(() => set?.stop({ signal: AbortSignal.abort() }));

async function start(options: { readonly mostInstances?: number; readonly concurrentStarts?: number } = {}) {
  const list = async (): Promise<readonly ListedInstance<InstanceEntry>[]> => {
    if (listed instanceof Error) throw listed;
    return listed.map((written) => ({ entry: { endpoint: written.split(" ")[0] ?? "" }, signature: written }));
  };
  set = new InstanceSet({
    id: "postgresql/eu",
    host,
    listing: { intervalMs: 10_000, list },
    open: (args) => {
      const watch = new Watch(args);
      watches.push(watch);
      return watch;
    },
    mostInstances: 100,
    concurrentStarts: 8,
    ...options,
  });
  await set.start();
  return set;
}

async function settled(): Promise<void> {
  await host.clock.advance(0);
  await new Promise(setImmediate);
}

async function become(next: readonly string[] | Error): Promise<void> {
  listed = next;
  await host.clock.advance(10_000);
  await settled();
}

const states = () => watches.map(({ endpoint, state }) => `${endpoint} ${state}`);

it("starts and stops only what has changed in the list", async () => {
  listed = ["db1", "db2", "db3 one"];
  await start();
  expect(states()).toEqual(["db1 started", "db2 started", "db3 started"]);
  await become(["db1", "db3 other", "db4"]);
  expect(states()).toEqual(["db1 started", "db2 stopped", "db3 stopped", "db4 started", "db3 started"]);
  expect(set?.held("logs")).toBe(3);
});

it("keeps the list that it has while there is no other, and says why", async () => {
  listed = ["db1"];
  await start();
  await become(new DbintelError("instances.yaml cannot be used", { code: "DBI_CONFIG_INVALID", retryable: true }));
  expect(states()).toEqual(["db1 started"]);
  expect(host.statuses.at(-1)).toMatchObject({
    state: "recoverable_error",
    message: "instances.yaml cannot be used",
  });
  await become(["db1", "db2"]);
  expect(states()).toEqual(["db1 started", "db2 started"]);
  expect(host.statuses.at(-1)).toEqual({ state: "ok" });
});

it("begins with nothing when there is no list yet", async () => {
  listed = new DbintelError("no list", { code: "DBI_FILE" });
  await start();
  expect(states()).toEqual([]);
  await become(["db1"]);
  expect(states()).toEqual(["db1 started"]);
});

it("asks so many servers at once for the first time, and waits for none for long", async () => {
  listed = ["db1", "db2", "db3", "db4", "db5"];
  await start({ concurrentStarts: 2 });
  expect(states()).toEqual(["db1 started", "db2 started"]);
  watches[0]?.answer();
  await settled();
  expect(states()).toEqual(["db1 started", "db2 started", "db3 started"]);
  await host.clock.advance(30_000);
  await settled();
  expect(watches).toHaveLength(5);
  expect(host.clock.pendingTimers).toBeLessThanOrEqual(3);
});

it("lets one that cannot be started harm no other", async () => {
  const open = (args: ConstructorParameters<typeof Watch>[0]): Watch => {
    if (args.entry.endpoint === "db1") throw new DbintelError("db1 is impossible", { code: "DBI_COMPONENT_START" });
    const watch = new Watch(args);
    watches.push(watch);
    return watch;
  };
  const listing = fixedListing([{ endpoint: "db1" }, { endpoint: "db2" }]);
  set = new InstanceSet({ id: "postgresql", host, listing, open, mostInstances: 100, concurrentStarts: 1 });
  await set.start();
  await settled();
  expect(states()).toEqual(["db2 started"]);
  expect(host.statuses.at(-1)).toMatchObject({ state: "permanent_error", message: "db1 is impossible" });
});

it("gives each server a storage, log lines and problems of its own", async () => {
  listed = ["db1", "db2"];
  await start();
  const [first, second] = watches;
  await first?.host.storage.save("state", Buffer.from("one"));
  await second?.host.storage.save("state", Buffer.from("two"));
  expect(Buffer.from((await first?.host.storage.load("state")) ?? []).toString()).toBe("one");
  const late = new DbintelError("the poll took too long", { code: "DBI_TIMEOUT", retryable: true });
  first?.problems.set("metrics", [late]);
  second?.problems.set("metrics", [late]);
  second?.problems.set("samples", []);
  expect(host.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
    "db1: the poll took too long",
    "db2: the poll took too long",
  ]);
  first?.host.logger.warn({ some: "field" }, "a line");
  expect(host.lines.at(-1)).toMatchObject({ message: "a line", fields: { instance: "db1", some: "field" } });
  await become(["db1"]);
  expect(host.statuses.at(-1)).toMatchObject({ message: "db1: the poll took too long" });
});

it("watches as many as it may, and says that the rest is left out", async () => {
  listed = ["db1", "db2", "db3"];
  await start({ mostInstances: 2 });
  expect(states()).toEqual(["db1 started", "db2 started"]);
  expect(host.statuses.at(-1)).toMatchObject({
    message: "3 servers are listed and 2 are watched: the rest is left out",
  });
});

it("tells how many servers it watches, and which of those that were asked answer", async () => {
  const callbacks = new Map<string, (result: { observe(value: number, labels: object): void }) => void>();
  const createObservableGauge = (name: string) => ({
    addCallback: (callback: (result: object) => void) => void callbacks.set(name, callback),
  });
  const plain = host;
  host = { ...plain, meter: Object.assign(Object.create(plain.meter), { createObservableGauge }) };
  const observed = () =>
    [...callbacks].flatMap(([name, callback]) => {
      const lines: string[] = [];
      callback({ observe: (value, labels) => void lines.push(`${name} ${JSON.stringify(labels)} ${value}`) });
      return lines;
    });
  listed = ["db1", "db2", "db3"];
  await start();
  const [first, second] = watches;
  if (first === undefined || second === undefined) throw new Error("nothing is watched");
  first.up = true;
  second.up = false;
  expect(observed()).toEqual([
    'dbintel_receiver_instances {"receiver":"postgresql/eu"} 3',
    'dbintel_receiver_instance_up {"receiver":"postgresql/eu","instance":"db1"} 1',
    'dbintel_receiver_instance_up {"receiver":"postgresql/eu","instance":"db2"} 0',
  ]);
  await become(["db1"]);
  expect(observed()).toEqual([
    'dbintel_receiver_instances {"receiver":"postgresql/eu"} 1',
    'dbintel_receiver_instance_up {"receiver":"postgresql/eu","instance":"db1"} 1',
  ]);
});

it("has every server asked again that is still watched", async () => {
  listed = ["db1", "db2", "db3", "db4"];
  const running = await start({ concurrentStarts: 4 });
  for (const watch of watches) watch.answer();
  await settled();
  await become(["db1", "db2", "db3"]);
  const [, second] = watches;
  if (second === undefined) throw new Error("nothing is watched");
  second.waits = false;
  running.retry();
  await settled();
  expect(watches.map(({ retries }) => retries)).toEqual([1, 1, 1, 0]);
});

it("has no more servers asked again at once than may be asked at once at the start", async () => {
  listed = ["db1", "db2", "db3"];
  const running = await start({ concurrentStarts: 1 });
  const answer = async (index: number) => {
    watches[index]?.answer();
    await settled();
  };
  for (const index of [0, 1, 2]) await answer(index);
  running.retry();
  await settled();
  expect(watches.map(({ retries }) => retries)).toEqual([1, 0, 0]);
  await answer(0);
  expect(watches.map(({ retries }) => retries)).toEqual([1, 1, 0]);
  await become(["db3"]);
  expect(watches.map(({ retries }) => retries)).toEqual([1, 1, 1]);
});

it("starts a server anew only when its last watch has ended", async () => {
  listed = ["db1 one"];
  await start();
  const [first] = watches;
  if (first === undefined) throw new Error("nothing is watched");
  first.slow = true;
  await become([]);
  expect(states()).toEqual(["db1 stopping"]);
  await become(["db1 two"]);
  await become(["db1 three"]);
  expect(states()).toEqual(["db1 stopping"]);
  first.release();
  await settled();
  expect(states()).toEqual(["db1 stopped", "db1 started"]);
});

it("stops all at once, those that are slow at the deadline, and leaves no timer", async () => {
  listed = ["db1", "db2", "db3"];
  const running = await start({ concurrentStarts: 2 });
  for (const watch of watches) watch.slow = true;
  const lost = new DbintelError("no connection to db1", { code: "DBI_DATABASE_UNREACHABLE", retryable: true });
  watches[0]?.problems.set("metrics", [lost]);
  const deadline = new AbortController();
  const stopped = running.stop({ signal: deadline.signal });
  await settled();
  expect(states()).toEqual(["db1 stopping", "db2 stopping"]);
  deadline.abort();
  await stopped;
  expect(states()).toEqual(["db1 stopped", "db2 stopped"]);
  expect(host.clock.pendingTimers).toBe(0);
  expect(running.held("logs")).toBe(0);
  // The shutdown has put nothing right.
  expect(host.statuses.at(-1)).toMatchObject({ state: "recoverable_error", message: lost.message });
});
