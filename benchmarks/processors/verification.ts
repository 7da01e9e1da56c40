import { type Batch, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { verification } from "@dbintel/processor-verification";
import { type Task, timed } from "./task.ts";

const records = 1000;
const context = { signal: new AbortController().signal };

function processor(settings: Parameters<typeof verification>[0]) {
  const { definition, config } = verification(settings);
  const next = { consume: async () => {} };
  return definition.create({ id: "verification", config, host: createTestHost(), signal: "logs", next });
}

/** Records of 20 attributes; `textOf` is the last of them. */
function logs(textOf: (index: number) => string): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop", "service.instance.id": "db.example:5432" } })
    .scope({ name: "bench" });
  for (let index = 0; index < records; index++) {
    const others = Array.from({ length: 19 }, (_, key) => [`app.key.${key}`, `value ${index}`] as const);
    builder.record({
      severityNumber: 9,
      body: "SELECT a, b, c FROM orders WHERE id = $1",
      attributes: { ...Object.fromEntries(others), text: textOf(index) },
    });
  }
  return builder.build();
}

function task(name: string, settings: Parameters<typeof verification>[0], textOf: (index: number) => string): Task {
  return timed(`verification: ${name}`, () => {
    const part = processor(settings);
    const batch = logs(textOf);
    return { records, run: () => part.consume(batch.fork(), context) };
  });
}

const nothing = () => "nothing to see";
const oneInFifty = (index: number) => (index % 50 === 0 ? "write to jane.doe@example.com" : "nothing to see");

/** The pass path with and without the last look, redaction, and the checks of quality. `bench -- verification` has more. */
export const verificationTasks: readonly Task[] = [
  task("nothing found", {}, nothing),
  task("nothing found, no last look", { verify_payload: false }, nothing),
  task("one in fifty redacted", {}, oneInFifty),
  task(
    "nothing found, quality checked",
    { quality: { required_fields: ["text"], data_types: { text: "string" } } },
    nothing,
  ),
];
