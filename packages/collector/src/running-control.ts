import { explainConfig } from "@dbintel/config";
import type { Control, Graph, LogLevel, ReloadReport, ReloadTrigger, TapListener } from "@dbintel/pipeline";
import type { SelfTelemetry } from "@dbintel/selftelemetry";
import type { Reloader } from "./reload/reloader.ts";

/** What there is to control once the collector stands. */
interface Controlled {
  readonly graph: Graph;
  readonly telemetry: SelfTelemetry;
  readonly reloader: Reloader;
}

/** The collector as its operators see it. Components get it before there is a graph, and use it when they run. */
export class RunningControl implements Control {
  #controlled: Controlled | undefined;

  attach(controlled: Controlled): void {
    this.#controlled = controlled;
  }

  accounts() {
    return this.#of.graph.accounts();
  }

  tap(listener: TapListener): () => void {
    return this.#of.graph.tap(listener);
  }

  reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    return this.#of.reloader.reload(trigger);
  }

  get lastReload(): ReloadReport | undefined {
    return this.#controlled?.reloader.last;
  }

  settings() {
    const { config, loaded } = this.#of.reloader.running;
    return explainConfig(config.effective(), loaded.root);
  }

  get logLevel(): LogLevel {
    return this.#of.telemetry.logLevel;
  }

  set logLevel(level: LogLevel) {
    this.#of.telemetry.logLevel = level;
  }

  metrics(): Promise<string | undefined> {
    return this.#of.telemetry.metricsText();
  }

  get #of(): Controlled {
    if (this.#controlled === undefined) throw new TypeError("the collector does not stand yet");
    return this.#controlled;
  }
}
