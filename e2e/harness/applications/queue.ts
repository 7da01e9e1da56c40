// An application that embeds a pipeline with a queue on disk. Prints the id of each record that the pipeline has taken
// responsibility for. Sends `--records` of them, or goes on without end; then it waits until its input ends, and stops.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { otlpHttp } from "@dbintel/exporter-otlp-http";
import { fileStorage } from "@dbintel/extension-file-storage";
import { logsBuilder } from "@dbintel/pdata";
import { createPipeline } from "@dbintel/pipeline";
import { verification } from "@dbintel/processor-verification";

const text = { type: "string", default: "" } as const;
const { values } = parseArgs({
  options: { endpoint: text, directory: text, life: text, records: { type: "string", default: "Infinity" } },
});
const { endpoint, directory, life } = values;

await using pipeline = createPipeline({
  extensions: { file_storage: fileStorage({ directory }) },
  processors: [verification()],
  exporter: otlpHttp({ endpoint, encoding: "json", compression: "none", sending_queue: { storage: "file_storage" } }),
  signals: ["logs"],
});

for (let number = 0; number < Number(values.records); number++) {
  const record = { attributes: { id: `${life}-${number}`, note: "ask jane.doe@example.com" } };
  await pipeline.logs.consume(logsBuilder().resource({ attributes: {} }).scope({ name: "app" }).record(record).build());
  if (!process.stdout.write(`${life}-${number}\n`)) await once(process.stdout, "drain");
}

process.stdin.resume();
await once(process.stdin, "end");
