import { DbintelError } from "@dbintel/errors";
import { type Signal, signals } from "@dbintel/pdata";
import type { Component, ConnectedPipelines, Consumers, Host } from "@dbintel/pipeline";
import type { FailoverConfig } from "./config.ts";
import { Levels } from "./levels.ts";

/** Hands the batches of each signal to the first of its levels that takes them. */
export class FailoverConnector implements Component {
  readonly consumers: Consumers;
  readonly #host: Host;
  readonly #config: FailoverConfig;

  constructor(args: {
    readonly id: string;
    readonly config: FailoverConfig;
    readonly host: Host;
    readonly pipelines: ConnectedPipelines;
  }) {
    const { id, config, host, pipelines } = args;
    this.#host = host;
    this.#config = config;
    checkPipelines(id, config, pipelines);
    const given = new Set(pipelines.signals.values());
    const wired = signals.filter((signal) => given.has(signal));
    this.consumers = Object.fromEntries(wired.map((signal) => [signal, this.#levels(signal, pipelines)]));
  }

  async start(): Promise<void> {
    for (const setting of ["retry_gap", "max_retries"] as const) {
      if (this.#config[setting] === undefined) continue;
      this.#host.logger.warn({ setting }, `${setting} is accepted for compatibility and has no effect`);
    }
  }

  async stop(): Promise<void> {}

  /** One configuration may name pipelines of several signals: each signal has those levels that lead somewhere. */
  #levels(signal: Signal, pipelines: ConnectedPipelines): Levels {
    const levels = this.#config.priority_levels
      .map((ids) => ids.filter((id) => pipelines.signals.get(id) === signal))
      .filter((ids) => ids.length > 0)
      .map((ids) => ({ name: ids.join(", "), next: pipelines.outlet(ids) }));
    return new Levels({ host: this.#host, signal, levels, retryIntervalMs: this.#config.retry_interval });
  }
}

/** A pipeline that stands in no level would hear nothing, one that does not receive from here cannot be reached. */
function checkPipelines(id: string, config: FailoverConfig, { signals: given }: ConnectedPipelines): void {
  const named = new Set(config.priority_levels.flat());
  const strange = [...named].find((pipeline) => !given.has(pipeline));
  if (strange !== undefined) {
    throw invalid(`priority_levels of ${id} names "${strange}", which does not receive from ${id}`);
  }
  const forgotten = [...given.keys()].find((pipeline) => !named.has(pipeline));
  if (forgotten !== undefined) {
    throw invalid(`pipeline "${forgotten}" receives from ${id}, but stands in none of its priority_levels`);
  }
}

function invalid(message: string): DbintelError {
  return new DbintelError(message, {
    code: "DBI_CONFIG_INVALID",
    hint: "name in priority_levels exactly the pipelines that have the connector among their receivers",
  });
}
