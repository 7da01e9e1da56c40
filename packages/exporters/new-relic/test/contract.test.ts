import { freePort } from "@dbintel/e2e/free-port";
import { startNewRelic } from "@dbintel/e2e/new-relic";
import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { newRelic } from "../src/index.ts";

const keys = { licenseKey: "a-license-key", userKey: "NRAK-a-user-key", accountId: 7 };
/** As the data is made for no backend in particular. */
const settings = {
  license_key: keys.licenseKey,
  contract: "ignore",
  temporality: "unchanged",
  encoding: "json",
  compression: "none",
} as const;

describeExporterContract(newRelic, {
  destination: async () => {
    const backend = await startNewRelic(keys);
    return {
      config: { ...settings, endpoint: backend.endpoint },
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    };
  },
  unreachable: async () => ({ ...settings, endpoint: `http://127.0.0.1:${await freePort()}` }),
});
