import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { prometheus } from "../src/index.ts";

describeExporterContract(prometheus, {
  destination: async () => ({ config: { endpoint: "127.0.0.1:0" }, [Symbol.asyncDispose]: async () => {} }),
});
