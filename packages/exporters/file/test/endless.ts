/** Run by a test that kills it: writes until then, and prints what was acknowledged. Arguments: path, format, prefix. */
import { logs, startExporter } from "./support.ts";

const [, , path = "", format, prefix = ""] = process.argv;
const exporter = await startExporter({ path, format: format === "proto" ? "proto" : "json", append: true });
for (let index = 0; ; index++) {
  await exporter.consume(logs(1, `${prefix}${index}-`, 5000));
  process.stdout.write(`${prefix}${index}-0\n`);
}
