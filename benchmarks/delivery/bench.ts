/**
 * What the way through an exporter costs where nothing goes wrong: processor time of a request from `consume` to a
 * sender that takes everything at once, and over HTTP on one machine to a server that only reads, server included.
 *
 *   npm run bench -- delivery
 */
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createDelivery, deliverySettings, type Sender } from "@dbintel/delivery";
import { logsBuilder } from "@dbintel/pdata";
import { systemEnvironment } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { median, type Row, report } from "../harness/results.ts";

const runs = 15;
/** Who goes first has the garbage of the other before it: they take turns. */
const orders = [
  ["adaptive", "fixed"],
  ["fixed", "adaptive"],
] as const;
const never = new AbortController().signal;
const settings = deliverySettings();
const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "bench" });
for (let index = 0; index < 100; index++) builder.record({ body: "select * from orders where id = ?".repeat(10) });
const batch = builder.build();

/** Processor time of a request, microseconds: all are queued at once, then ten senders empty the queue. */
async function run(sender: Sender, requests: number, concurrency: "adaptive" | "fixed"): Promise<number> {
  const { clock, random } = systemEnvironment();
  const host = { ...createTestHost(), clock, random };
  const config = {
    timeout: settings.timeout.parse(undefined),
    retry_on_failure: settings.retry_on_failure.parse(undefined),
    sending_queue: settings.sending_queue.parse({ queue_size: requests, concurrency }),
  };
  const delivery = createDelivery({ id: "bench", host, config, sender });
  await delivery.start({ signal: never });
  const before = process.cpuUsage();
  for (let number = 0; number < requests; number++) await delivery.consumers.logs?.consume(batch, { signal: never });
  await delivery.stop({ signal: never });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

async function measure(name: string, sender: Sender, requests: number): Promise<Row[]> {
  const costs = { adaptive: [] as number[], fixed: [] as number[] };
  // The first pair is for the compiler.
  for (let round = 0; round <= runs; round++) {
    for (const concurrency of orders[round % 2] ?? []) {
      const cost = await run(sender, requests, concurrency);
      if (round > 0) costs[concurrency].push(cost);
    }
  }
  const [adaptive, fixed] = [median(costs.adaptive), median(costs.fixed)];
  return [
    { name: `${name}, adaptive`, figures: { "µs/request": adaptive }, ratio: fixed / adaptive },
    { name: `${name}, fixed`, figures: { "µs/request": fixed } },
  ];
}

const server = createServer((incoming, response) => {
  incoming.on("end", () => response.end()).resume();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const agent = new Agent({ keepAlive: true, maxSockets: 10 });
const { port } = server.address() as AddressInfo;
const overHttp: Sender = {
  send: (sent) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ port, host: "127.0.0.1", method: "POST", agent }, (answer) => {
        answer.on("end", resolve).resume();
      });
      outgoing.on("error", reject).end(sent.encode());
    }),
};

const rows = [
  ...(await measure("nowhere", { send: async () => {} }, 10_000)),
  ...(await measure("HTTP", overHttp, 1000)),
];
agent.destroy();
server.close();
report("delivery", rows);
