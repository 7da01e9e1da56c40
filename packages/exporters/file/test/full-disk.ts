/** Run by a test under a limit of the file size: tells which of four writes were taken. Arguments: path, format. */
import { isConsumeError } from "@dbintel/errors";
import { logs, startExporter } from "./support.ts";

const [, , path = "", format] = process.argv;
const exporter = await startExporter({ path, format: format === "proto" ? "proto" : "json" });
const outcomes: string[] = [];
for (const batch of [logs(1, "first", 20_000), logs(1, "b", 60_000), logs(1, "c", 60_000), logs(1, "last", 20_000)]) {
  try {
    await exporter.consume(batch);
    outcomes.push("taken");
  } catch (error) {
    outcomes.push(isConsumeError(error) ? error.kind : String(error));
  }
}
await exporter.stop();
process.stdout.write(JSON.stringify(outcomes));
