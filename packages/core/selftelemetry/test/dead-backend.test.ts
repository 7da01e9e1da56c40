import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createTestHost } from "@dbintel/pipeline/testing";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { expect, it } from "vitest";
import { periodicReader } from "../src/periodic-reader.ts";

/** Longer than a test may take. */
const long = 600_000;

/** A backend that takes every connection and never answers, and what sends to it. */
async function dead() {
  const server = createServer((socket) => void socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { logger, lines } = createTestHost();
  const form = { protocol: "http/json", compression: "none", temporality_preference: "delta" } as const;
  const otlp = { endpoint, headers: {}, timeout: long, ...form };
  const reader = periodicReader({ interval: long, timeout: long, exporter: { otlp } }, logger);
  const provider = new MeterProvider({ readers: [reader] });
  provider.getMeter("test").createCounter("requests").add(1);
  return { server, provider, lines };
}

it("gives up the last export soon, however long others may take", async () => {
  const { server, provider, lines } = await dead();
  await provider.shutdown();
  expect(lines).toMatchObject([{ level: "warn", message: "own metrics were not sent" }]);
  server.close();
});

it("waits for no export that is under way when it ends", async () => {
  const { server, provider, lines } = await dead();
  const connected = once(server, "connection");
  const sending = provider.forceFlush();
  await connected;
  await provider.shutdown();
  await Promise.allSettled([sending]);
  expect(lines).toMatchObject([{ level: "warn", message: "own metrics were not sent" }]);
  server.close();
});
