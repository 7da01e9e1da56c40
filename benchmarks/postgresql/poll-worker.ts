/**
 * The process under measurement: the receiver alone, polling when it is told to.
 * Its argument is the receiver's configuration; each message is answered with what one poll cost this process.
 */
import { systemClock } from "@dbintel/pipeline";
import { createTestHost, FakeClock } from "@dbintel/pipeline/testing";
import { postgresql } from "@dbintel/receiver-postgresql";

export interface PollCost {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssBytes: number;
  /** Bytes of OTLP that the poll made. */
  readonly otlpBytes: number;
  readonly records: number;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as Parameters<typeof postgresql>[0];
const clock = new FakeClock();
const host = createTestHost({ clock });
let made = { otlpBytes: 0, records: 0 };
let polled = () => {};
let shown = 0;

const { definition, config } = postgresql(settings);
const receiver = definition.create({
  id: "postgresql",
  config,
  host,
  next: {
    logs: {
      async consume(batch) {
        made = { otlpBytes: made.otlpBytes + batch.encode().length, records: made.records + batch.count };
      },
    },
    // The account of the statements comes last in each of their polls.
    metrics: {
      async consume(batch) {
        made = { ...made, otlpBytes: made.otlpBytes + batch.encode().length };
        for (const metric of batch.metrics()) if (metric.name === "dbintel.postgresql.statements.compared") polled();
      },
    },
  },
});
await receiver.start({ signal: new AbortController().signal });

process.on("message", () => void poll().then((cost) => process.send?.(cost)));
process.send?.("ready");

async function poll(): Promise<PollCost> {
  made = { otlpBytes: 0, records: 0 };
  const done = new Promise<void>((resolve) => {
    polled = resolve;
  });
  const cpu = process.cpuUsage();
  const startMs = systemClock.monotonicMs();
  await clock.advance(config.top_query_collection.collection_interval);
  await done;
  await clock.advance(0);
  const { user, system } = process.cpuUsage(cpu);
  const cost: PollCost = {
    cpuMs: (user + system) / 1000,
    wallMs: systemClock.monotonicMs() - startMs,
    rssBytes: process.memoryUsage.rss(),
    ...made,
  };
  for (; shown < host.lines.length; shown++) console.error(host.lines[shown]?.message);
  return cost;
}
