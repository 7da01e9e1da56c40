import { readFile } from "node:fs/promises";
import { decodeJson, type Signal } from "@dbintel/pdata";
import { describeExporterContract } from "@dbintel/pipeline/testing/contracts";
import { file } from "../src/index.ts";
import { Directory } from "./support.ts";

const signalOf: Readonly<Record<string, Signal>> = {
  resourceLogs: "logs",
  resourceMetrics: "metrics",
  resourceSpans: "traces",
};

function itemsOf(line: string): number {
  const [key = ""] = Object.keys(JSON.parse(line));
  return decodeJson(signalOf[key] ?? "logs", Buffer.from(line)).count;
}

describeExporterContract(file, {
  destination: async () => {
    const directory = await Directory.create();
    const path = directory.of("out.json");
    return {
      config: { path, append: true },
      items: async () => {
        const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
        return lines.reduce((sum, line) => sum + itemsOf(line), 0);
      },
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});
