import type { Consumers } from "@dbintel/pipeline";

/**
 * Hands each batch on as it came. The consumers of the next pipelines serve as its own: back-pressure and errors
 * pass through untouched, and the edges on both sides count.
 */
export class ForwardConnector {
  readonly consumers: Consumers;

  constructor(next: Consumers) {
    this.consumers = next;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}
