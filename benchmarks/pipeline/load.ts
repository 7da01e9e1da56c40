/**
 * The senders of the relay benchmark, a process of its own. Requests are gzip-compressed protobuf, as agents send
 * them. Only what was answered with 200 counts as accepted; nothing is sent twice.
 */
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { postLogs } from "./post.ts";
import { type RequestTemplate, requestTemplate, stamp } from "./records.ts";

export interface LoadCommand {
  readonly port: number;
  readonly recordsPerRequest: number;
  readonly seconds: number;
  /** `steady`: this many records a second, whatever the answers. `closed`: this many senders, each waiting for its answer. */
  readonly mode: { readonly steady: number } | { readonly closed: number };
}

export interface LoadReport {
  readonly seconds: number;
  /** Records in requests that were answered 200. */
  readonly accepted: number;
  /** Those of them that the filter keeps. */
  readonly kept: number;
  /** Requests by answer; "error" for none, "late" for those that the generator's own bound kept back. */
  readonly answers: Readonly<Record<string, number>>;
}

/** More requests than this without an answer are not sent: the generator stays bounded. */
const maxOutstanding = 512;
const tickMs = 5;
/** What a sender waits after a request that was not accepted: the shortest `Retry-After` there is. */
const refusedPauseMs = 1000;

class Load {
  readonly #command: LoadCommand;
  readonly #agent: Agent;
  readonly #answers: Record<string, number> = {};
  #outstanding = 0;
  #accepted = 0;
  #kept = 0;

  constructor(command: LoadCommand) {
    this.#command = command;
    this.#agent = new Agent({ keepAlive: true, maxSockets: maxOutstanding });
  }

  async run(): Promise<LoadReport> {
    const { mode, recordsPerRequest } = this.#command;
    const templates = [0, 1, 2, 3].map((seed) => requestTemplate(recordsPerRequest, seed));
    const begin = performance.now();
    if ("steady" in mode) await this.#steady(templates, mode.steady);
    else await this.#closed(templates, mode.closed);
    while (this.#outstanding > 0) await pause(tickMs);
    this.#agent.destroy();
    const seconds = (performance.now() - begin) / 1000;
    return { seconds, accepted: this.#accepted, kept: this.#kept, answers: this.#answers };
  }

  async #steady(templates: readonly RequestTemplate[], recordsPerSecond: number): Promise<void> {
    const { seconds, recordsPerRequest } = this.#command;
    const total = Math.round((recordsPerSecond * seconds) / recordsPerRequest);
    const begin = performance.now();
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, (((performance.now() - begin) / 1000) * recordsPerSecond) / recordsPerRequest);
      for (; sent < due; sent++) {
        const template = templates[sent % templates.length];
        if (template === undefined) return;
        stamp(template, process.hrtime.bigint());
        void this.#send(template, gzipSync(template.bytes, { level: 1 }));
      }
      await pause(tickMs);
    }
  }

  async #closed(templates: readonly RequestTemplate[], senders: number): Promise<void> {
    const ready = templates.map((template) => {
      stamp(template, 0n);
      return { template, body: gzipSync(template.bytes, { level: 6 }) };
    });
    const endMs = performance.now() + this.#command.seconds * 1000;
    const sender = async (first: number) => {
      for (let turn = first; performance.now() < endMs; turn++) {
        const next = ready[turn % ready.length];
        if (next !== undefined && !(await this.#send(next.template, next.body))) await pause(refusedPauseMs);
      }
    };
    await Promise.all(Array.from({ length: senders }, (_, index) => sender(index)));
  }

  async #send({ records, kept }: RequestTemplate, body: Buffer): Promise<boolean> {
    if (this.#outstanding >= maxOutstanding) {
      this.#note("late");
      return false;
    }
    this.#outstanding += 1;
    const answer = await postLogs(body, { port: this.#command.port, agent: this.#agent });
    this.#outstanding -= 1;
    this.#note(answer);
    if (answer !== "200") return false;
    this.#accepted += records;
    this.#kept += kept;
    return true;
  }

  #note(answer: string): void {
    this.#answers[answer] = (this.#answers[answer] ?? 0) + 1;
  }
}

process.on("message", (command: LoadCommand) => {
  void new Load(command).run().then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());
