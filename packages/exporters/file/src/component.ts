import { resolve } from "node:path";
import { defineExporter } from "@dbintel/pipeline";
import { fileConfig } from "./config.ts";
import { File } from "./file.ts";

/** The `file` exporter: OTLP/JSON lines or length-prefixed protobuf, with rotation. */
export const file = defineExporter({
  type: "file",
  description: "Writes OTLP/JSON lines or length-prefixed protobuf to a file, with rotation.",
  schema: fileConfig,
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  exclusive: ({ path }) => [`file:${resolve(path)}`],
  create: (args) => new File(args),
});
