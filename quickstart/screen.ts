import { freePort } from "@dbintel/e2e/servers";
import { startBackend } from "./backend.ts";
import { Observer } from "./observation.ts";
import { report } from "./report.ts";

/** How long the telemetry of one poll may take to come together: events and metrics arrive in requests of their own. */
const gatheringMs = 500;

/** An OTLP/HTTP backend that prints what it is sent of one server. */
export interface Screen extends AsyncDisposable {
  readonly endpoint: string;
  /** How often it has printed something. */
  readonly reports: number;
}

export async function startScreen(options: {
  /** Said in each report, where there are several. */
  readonly server: () => string | undefined;
  readonly columns: () => number | undefined;
  readonly print: (text: string) => void;
}): Promise<Screen> {
  const observer = new Observer();
  let reports = 0;
  let gathering: NodeJS.Timeout | undefined;
  const show = () => {
    gathering = undefined;
    reports++;
    options.print(report(observer.take(), { columns: options.columns(), server: options.server() }));
  };
  const port = await freePort();
  const backend = await startBackend(port, {
    onLogs: (logs) => {
      if (observer.addLogs(logs)) gathering ??= setTimeout(show, gatheringMs);
    },
    onMetrics: (metrics) => observer.addMetrics(metrics),
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get reports() {
      return reports;
    },
    async [Symbol.asyncDispose]() {
      await backend.stop();
      clearTimeout(gathering);
    },
  };
}
