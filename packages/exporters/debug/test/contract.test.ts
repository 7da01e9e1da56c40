import { PassThrough } from "node:stream";
import { defineExporter } from "@dbintel/pipeline";
import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { debugConfig } from "../src/config.ts";
import { Debug } from "../src/debug.ts";
import { debug } from "../src/index.ts";

/** The exporter as it is, with a stream of its own in place of the process's. */
const toStream = (output: PassThrough) =>
  defineExporter({
    ...debug.definition,
    schema: debugConfig,
    create: ({ config, host }) => new Debug({ config, host, output }),
  });

describeExporterContract(toStream(new PassThrough().resume()), {
  destination: async () => ({ config: { verbosity: "detailed" as const }, [Symbol.asyncDispose]: async () => {} }),
});
