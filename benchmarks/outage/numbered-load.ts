import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { postLogs } from "../pipeline/post.ts";
import { requestTemplate, stamp } from "../pipeline/records.ts";

/** More requests than this without an answer are not sent: the sender stays bounded, and says so. */
const mostOutstanding = 256;
const tickMs = 10;

/** Sends requests at a steady rate, each with a number of its own as the time of its records, and none twice. */
export class NumberedLoad {
  /** Requests that were answered 200. */
  readonly accepted = new Set<bigint>();
  /** Requests by what became of them; "error" for no answer, "late" for those that were not sent, see above. */
  readonly answers: Record<string, number> = {};
  readonly recordsPerRequest: number;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: mostOutstanding });
  #outstanding = 0;
  /** A record without a time has 0. */
  #next = 1n;

  constructor(args: { readonly port: number; readonly recordsPerRequest: number }) {
    this.#port = args.port;
    this.recordsPerRequest = args.recordsPerRequest;
  }

  get acceptedRecords(): number {
    return this.accepted.size * this.recordsPerRequest;
  }

  /** Sends until the signal is aborted, and resolves when the last request has its answer. */
  async run(recordsPerSecond: number, signal: AbortSignal): Promise<void> {
    const template = requestTemplate(this.recordsPerRequest, 0);
    const beginMs = performance.now();
    for (let sent = 0; !signal.aborted; ) {
      const due = (((performance.now() - beginMs) / 1000) * recordsPerSecond) / this.recordsPerRequest;
      for (; sent < due; sent++) {
        const number = this.#next++;
        stamp(template, number);
        void this.#send(number, gzipSync(template.bytes, { level: 1 }));
      }
      await pause(tickMs);
    }
    while (this.#outstanding > 0) await pause(tickMs);
    this.#agent.destroy();
  }

  async #send(number: bigint, body: Buffer): Promise<void> {
    if (this.#outstanding >= mostOutstanding) {
      this.#note("late");
      return;
    }
    this.#outstanding += 1;
    const answer = await postLogs(body, { port: this.#port, agent: this.#agent });
    this.#outstanding -= 1;
    this.#note(answer);
    if (answer === "200") this.accepted.add(number);
  }

  #note(answer: string): void {
    this.answers[answer] = (this.answers[answer] ?? 0) + 1;
  }
}
