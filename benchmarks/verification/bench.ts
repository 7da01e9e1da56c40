/**
 * `npm run bench -- verification`: what the processor `verification` takes for log records of about 1 KB, when nothing
 * in them is sensitive and when one in fifty is, beside two npm packages that redact text. They are given the texts of
 * the same records as strings, joined, and so are spared the walk through the encoding; they look for fewer things and
 * check fewer of them. Times are processor time of the whole process.
 */
import { sanitizePii } from "@cdssnc/sanitize-pii";
import { decodeLogs, type Logs, logsBuilder } from "@dbintel/pdata";
import { detectorsAt, PayloadCheck, Scanner } from "@dbintel/pii";
import { createTestHost } from "@dbintel/pipeline/testing";
import { verification } from "@dbintel/processor-verification";
import { Redactor } from "@redactpii/node";
import { median, type Row, report } from "../harness/results.ts";

const records = 1000;
const rounds = 9;
/** Of processor time, in each round. */
const roundMs = 200;
const context = { signal: new AbortController().signal };

interface Contender {
  readonly name: string;
  /** The workload that it shares with its peers. */
  readonly workload: string;
  readonly isPeer?: true;
  readonly bytes: number;
  readonly run: () => Promise<void> | void;
}

const contenders = [...contendersFor("nothing matches", 0), ...contendersFor("one in fifty", 50)];
const samples = new Map<Contender, number[]>();
for (let round = 0; round <= rounds; round++) {
  // Interleaved, so that what else the machine does falls on all alike. The first round is for the compiler.
  for (const contender of contenders) {
    const seconds = await secondsPerRun(contender);
    if (round > 0) samples.set(contender, [...(samples.get(contender) ?? []), seconds]);
  }
}

const seconds = (contender: Contender) => median(samples.get(contender) ?? []);
const rows = contenders.map((contender): Row => {
  const figures = {
    "records/s": records / seconds(contender),
    "MB/s": contender.bytes / 1e6 / seconds(contender),
    "bytes/record": contender.bytes / records,
  };
  const name = `${contender.workload}: ${contender.name}`;
  if (contender.isPeer) return { name, figures };
  const peers = contenders.filter(({ workload, isPeer }) => isPeer && workload === contender.workload).map(seconds);
  return { name, figures, ratio: Math.min(...peers) / seconds(contender) };
});
report("verification", rows, { "@cdssnc/sanitize-pii": "2.1.1", "@redactpii/node": "1.0.17" });

async function secondsPerRun({ run }: Contender): Promise<number> {
  const start = process.cpuUsage();
  let runs = 0;
  for (;;) {
    await run();
    runs++;
    const { user, system } = process.cpuUsage(start);
    if (user + system >= roundMs * 1000) return (user + system) / 1e6 / runs;
  }
}

/** `every` is the distance of records with something sensitive; 0 for none. */
function contendersFor(workload: string, every: number): readonly Contender[] {
  const batch = logsOf(every);
  const payload = batch.encode();
  const texts = textsOf(batch);
  const ours = { workload, bytes: payload.length };
  const peer = {
    workload,
    bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    isPeer: true,
  } as const;
  const { definition, config } = verification({});
  const make = (settings: Partial<typeof config>) =>
    definition.create({
      id: "verification",
      config: { ...config, ...settings },
      host: createTestHost(),
      signal: "logs",
      next: { consume: async () => {} },
    });
  const whole = make({});
  const once = make({ verify_payload: false });
  const detectors = detectorsAt("medium");
  const scanner = new Scanner(detectors);
  const check = new PayloadCheck({ entities: new Set(detectors.map(({ entity }) => entity)) });
  const redactor = new Redactor();
  return [
    { ...ours, name: "verification", run: () => whole.consume(batch.fork(), context) },
    { ...ours, name: "verification without the last look", run: () => once.consume(batch.fork(), context) },
    // It ends at the first sign: only without one does it read all.
    ...(every === 0 ? [{ ...ours, name: "Scanner.mayHold", run: () => void scanner.mayHold(payload) }] : []),
    { ...ours, name: "PayloadCheck", run: () => void check.check("logs", payload) },
    { ...peer, name: "@redactpii/node", run: () => texts.forEach((text) => void redactor.redact(text)) },
    { ...peer, name: "@cdssnc/sanitize-pii", run: () => texts.forEach((text) => void sanitizePii(text)) },
  ];
}

/** Records as the receivers make them: a statement without constants, identifiers, times, names, figures. */
function logsOf(every: number): Logs {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop", "service.instance.id": "db-7.internal:5432" } })
    .scope({ name: "dbintel" });
  for (let index = 0; index < records; index++) {
    const isHit = every > 0 && index % every === 0;
    const hex = (index * 2_654_435_761).toString(16).padStart(16, "0");
    builder.record({
      timeUnixNano: 1_732_195_200_000_000_000n + BigInt(index),
      severityNumber: 9,
      eventName: "db.server.top_query",
      body: isHit ? `Key (email)=(jane.doe${index}@example.com) already exists, card 4111 1111 1111 1111` : "top query",
      attributes: {
        "db.system.name": "postgresql",
        "db.namespace": `shop_${index % 20}`,
        "db.query.text": [
          `SELECT o.id, o.total_amount, o.status_${index}, c.name FROM orders o JOIN customers c ON c.id = o.customer_id`,
          "LEFT JOIN shipments s ON s.order_id = o.id AND s.state = $1 WHERE o.created_at > $2 AND o.status = ANY($3)",
          "AND NOT EXISTS (SELECT ? FROM refunds r WHERE r.order_id = o.id) ORDER BY o.created_at DESC LIMIT $4",
        ].join(" "),
        "db.query.fingerprint": `v1:${hex}`,
        "db.query.summary": "SELECT orders customers shipments refunds",
        "postgresql.queryid": `-${4_716_952_830_412_000_000n + BigInt(index)}`,
        "postgresql.rolname": "app_rw",
        "postgresql.application_name": `checkout-${index % 50}`,
        "postgresql.query_start": "2026-11-21T12:00:00.123456Z",
        "user.name": "app_rw",
        "network.peer.address": `10.20.${index % 250}.7`,
        "postgresql.calls": BigInt(index * 17),
        "postgresql.total_exec_time": index * 1.25,
        "postgresql.shared_blks_hit": BigInt(index * 1000),
      },
    });
  }
  return decodeLogs(builder.build().encode());
}

/** What a record says, as one string. */
function textsOf(batch: Logs): readonly string[] {
  return Array.from(batch.records(), ({ body, eventName, attributes }) =>
    [String(body), eventName, ...Array.from(attributes.entries(), ([key, value]) => `${key}=${String(value)}`)].join(
      " ",
    ),
  );
}
