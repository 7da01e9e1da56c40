import { RetryableError } from "@dbintel/errors";
import { type ExporterFailure, feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import { createTestHost, settle } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { createDelivery } from "./delivery.ts";
import { deliverySettings } from "./settings.ts";

const never = new AbortController().signal;

it("tells upstream how full the queue is, what failed and how often the destination asked to send less", async () => {
  const host = createTestHost();
  const board = host.shared(feedback);
  const failures: ExporterFailure[] = [];
  board.watchFailures((failure) => failures.push(failure));
  const config = z.strictObject(deliverySettings()).parse({ sending_queue: { sizer: "items", queue_size: 10 } });
  const answers = [new RetryableError("slow down", { httpStatus: 429 }), new RetryableError("broken", {})];
  const send = async () => {
    const answer = answers.shift();
    if (answer !== undefined) throw answer;
  };
  const delivery = createDelivery({ id: "otlp_http", host, config, sender: { send } });
  await delivery.start({ signal: never });
  const logs = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const body of ["a", "b"]) logs.record({ body });
  const queued = delivery.consumers.logs?.consume(logs.build(), { signal: never });
  await settle();
  expect(board.exporterLoad).toEqual({ queueFill: 0.2, throttled: 1 });
  while (answers.length > 0) await host.clock.advance(60_000);
  await host.clock.advance(60_000);
  await queued;
  expect(board.exporterLoad).toEqual({ queueFill: 0, throttled: 1 });
  expect(failures.map(({ exporter, error }) => `${exporter}: ${error.message}`)).toEqual([
    "otlp_http: slow down",
    "otlp_http: broken",
  ]);
  await delivery.stop({ signal: never });
  expect(board.exporterLoad).toEqual({ queueFill: 0, throttled: 0 });
});
