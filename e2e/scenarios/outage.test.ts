import { expect, it } from "vitest";
import { runOutage } from "../../benchmarks/outage/outage.ts";

/** `DBINTEL_OUTAGE_SECONDS=600` for the long run; `npm run bench -- outage` prints more about it. */
const outageSeconds = Number(process.env.DBINTEL_OUTAGE_SECONDS ?? 5);
const recordsPerSecond = 2000;
/** The limit of `memory_limiter` in the configuration is 400 MiB: at it the collector would refuse what is sent. */
const mostResidentMib = 400;

it(
  `keeps what comes while the backend is away for ${outageSeconds} s, in bounded memory, and delivers it once`,
  async () => {
    const report = await runOutage({
      recordsPerSecond,
      recordsPerRequest: 20,
      seconds: { before: 1, outage: outageSeconds, after: 1 },
      settings: [
        "exporters.otlp_http.sending_queue.queue_size=16GiB",
        "exporters.otlp_http.retry_on_failure.initial_interval=100ms",
        "exporters.otlp_http.retry_on_failure.max_interval=1s",
      ],
    });
    const { accepted, lost, duplicated, recoverySeconds, exporter, samples } = report;
    const peakMib = Math.max(...samples.map(({ residentMib }) => residentMib));
    console.log(
      `${accepted} records acknowledged, ${lost} lost, ${duplicated} duplicated; ` +
        `recovered after ${recoverySeconds.toFixed(1)} s; at most ${Math.round(peakMib)} MiB of memory`,
    );
    expect(accepted).toBeGreaterThan(0);
    expect({ lost, duplicated }).toEqual({ lost: 0, duplicated: 0 });
    expect(exporter).toMatchObject({ received: accepted, sent: accepted, dropped: 0, held: 0 });
    expect(peakMib).toBeLessThan(mostResidentMib);
  },
  300_000 + 3000 * outageSeconds,
);
