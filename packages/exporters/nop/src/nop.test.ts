import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { nop } from "./index.ts";

describeExporterContract(nop, {
  destination: async () => ({ config: {}, [Symbol.asyncDispose]: async () => {} }),
});
