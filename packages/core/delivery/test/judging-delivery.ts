import type { Batch, Logs } from "@dbintel/pdata";
import { wait } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { DeadLetterBox, openDeadLetterJournal } from "../src/dead-letters/dead-letter-box.ts";
import type { DeadLetter } from "../src/dead-letters/letter.ts";
import { createDelivery } from "../src/delivery.ts";
import type { Journals } from "./journals.ts";
import { never, type Settings, schema } from "./running-delivery.ts";

/** A letter with the bodies that are in it. */
export type ReadLetter = DeadLetter & { readonly bodies: readonly string[] };

export function bodiesOf(batch: Batch): readonly string[] {
  const bodies: string[] = [];
  if (batch.signal === "logs") for (const { body } of batch.records()) bodies.push(String(body));
  return bodies;
}

/** A delivery with dead letters to a destination that judges requests by the bodies in them: what it throws. */
export async function judged(args: {
  readonly journals: Journals;
  readonly judge: (bodies: readonly string[], batch: Batch) => Error | undefined;
  /** How long it takes to throw, on the clock of the test. Default: no time. */
  readonly failsAfterMs?: number;
  readonly settings?: Settings;
}) {
  const host = createTestHost({ extensions: new Map([["file_storage", args.journals]]) });
  const taken: string[] = [];
  let requests = 0;
  const sender = {
    async send(batch: Batch): Promise<void> {
      requests++;
      const bodies = bodiesOf(batch);
      const error = args.judge(bodies, batch);
      if (error !== undefined) {
        if (args.failsAfterMs !== undefined) await wait(host.clock, args.failsAfterMs, never);
        throw error;
      }
      taken.push(...bodies);
    },
  };
  const dead_letters = { storage: "file_storage" };
  const config = schema.parse({ timeout: "0s", dead_letters, ...args.settings });
  const delivery = createDelivery({ id: "otlp_http", host, config, sender });
  await delivery.start({ signal: never });
  return {
    host,
    taken,
    get requests() {
      return requests;
    },
    send: async (batch: Logs) => delivery.consumers.logs?.consume(batch, { signal: never }),
    account: () => {
      const { received, sent, dropped } = host.accounting.of("logs");
      return { received, sent, dropped: Object.fromEntries(dropped), held: delivery.held("logs") };
    },
    /** Turns of the event loop, enough for what needs no more time. */
    settled: async () => {
      for (let turns = 0; turns < 20; turns++) await turn();
    },
    /** Time passes, with all that the disk has to do meanwhile, until it is so. */
    until: async (done: () => boolean) => {
      while (!done()) {
        for (let turns = 0; turns < 20 && !done(); turns++) await turn();
        if (!done()) await host.clock.advance(500);
      }
    },
    stop: (signal = never) => delivery.stop({ signal }),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The dead letters of a delivery that was stopped. */
export async function lettersIn(journals: Journals): Promise<readonly ReadLetter[]> {
  const opened = await openDeadLetterJournal(journals, "otlp_http", { signal: never });
  const { clock } = createTestHost();
  const box = await DeadLetterBox.open(opened, { clock, maxBytes: 2 ** 30, maxAgeMs: 0, onEvent: () => {} });
  const letters = await Promise.all(
    box.letters.map(async (letter) => {
      const open = await box.open(letter.hash);
      return { ...letter, bodies: open === undefined ? [] : bodiesOf(open.batch) };
    }),
  );
  await box.close();
  return letters;
}
