import type { Consumer, Consumers, Host } from "@dbintel/pipeline";

/** Takes every batch at once and forgets it; what it takes counts as sent. */
export class NopExporter {
  readonly consumers: Consumers;

  constructor(host: Pick<Host, "accounting">) {
    const consumer: Consumer = {
      consume: async ({ signal, count }) => host.accounting.sent(signal, count),
    };
    this.consumers = { logs: consumer, metrics: consumer, traces: consumer };
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}
