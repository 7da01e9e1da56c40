import { PermanentError } from "@dbintel/errors";
import { type Batch, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { z } from "zod";
import { createDelivery } from "../src/delivery.ts";
import { deliverySettings } from "../src/settings.ts";

/** A signal that is never aborted. */
export const never = new AbortController().signal;
export const schema = z.strictObject(deliverySettings());
export type Settings = z.input<typeof schema>;

/** Records whose bodies are `prefix`0, `prefix`1, … */
export function logs(count: number, prefix = "r", padding = 0): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `${prefix}${index}`.padEnd(padding, ".") });
  return builder.build();
}

function bodies(batch: Batch | undefined): string[] {
  if (batch?.signal !== "logs") return [];
  const texts: string[] = [];
  for (const { body } of batch.records()) texts.push(String(body).replace(/\.+$/, ""));
  return texts;
}

/** A destination that answers as it is told, in the order of the attempts; without an answer it takes everything. */
export class Destination {
  readonly attempts: Batch[] = [];
  readonly taken: string[] = [];
  readonly #answers: (Error | "hang" | "take")[];
  limit = Number.POSITIVE_INFINITY;

  constructor(...answers: (Error | "hang" | "take")[]) {
    this.#answers = answers;
  }

  async send(batch: Batch): Promise<void> {
    this.attempts.push(batch);
    const answer = this.#answers.shift() ?? "take";
    if (answer === "hang") await new Promise(() => {});
    if (answer instanceof Error) throw answer;
    if (batch.byteSize > this.limit) throw new PermanentError("too large", { httpStatus: 413 });
    this.taken.push(...bodies(batch));
  }
}

/** A delivery that runs, on a clock of the test's own. */
export async function started(destination: Destination, settings: Settings = {}) {
  const host = createTestHost();
  const delivery = createDelivery({ id: "otlp_http", host, config: schema.parse(settings), sender: destination });
  await delivery.start({ signal: never });
  const send = async (batch: Logs, signal: AbortSignal = never) => {
    await delivery.consumers.logs?.consume(batch, { signal });
  };
  const account = () => {
    const { sent, dropped } = host.accounting.of("logs");
    return { sent, dropped: Object.fromEntries(dropped), held: delivery.held("logs") };
  };
  return { host, delivery, send, account, stop: (signal: AbortSignal = never) => delivery.stop({ signal }) };
}

/** A signal that a test aborts, with the call that does it. */
export function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
