import { logsBuilder } from "@dbintel/pdata";
import { describeReceiverContract } from "@dbintel/pipeline/testing/contracts";
import { otlp } from "../src/component.ts";
import { portOf, post } from "./receiver.ts";

const body = logsBuilder().resource({ attributes: {} }).scope({ name: "" }).record({ body: "x" }).build().encode();

describeReceiverContract(otlp, {
  config: () => ({ protocols: { http: { endpoint: "127.0.0.1:0" } } }),
  provoke: ({ lines }) => post(portOf(lines), { body }),
});
