import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownMetricsAt } from "../../e2e/harness/log-relay.ts";
import type { Contender } from "./contender.ts";
import type { Contestant, Place } from "./race.ts";

const durableRelay = fileURLToPath(new URL("../../configs/durable-relay.yaml", import.meta.url));

/** The configuration that is delivered. */
export function oursDurable(contender: Contender): Contestant {
  return ours(contender.name, contender, () => []);
}

/** For the comparison with a collector that has nothing like verification. */
export function oursUnverified(contender: Contender): Contestant {
  return ours(`${contender.name}, unverified`, contender, () => ["service.pipelines.logs.processors=[memory_limiter]"]);
}

function ours(name: string, contender: Contender, settings: (place: Place) => readonly string[]): Contestant {
  const command = async (place: Place) => {
    const set = [
      `extensions.health_check.endpoint=127.0.0.1:${place.health}`,
      ownMetricsAt(place.metrics),
      ...settings(place),
    ];
    const env = {
      OTLP_LISTEN: `127.0.0.1:${place.receiver}`,
      OTLP_ENDPOINT: `http://127.0.0.1:${place.sink}`,
      DBINTEL_STATE: place.folder,
    };
    const args = [...contender.args(durableRelay), ...set.flatMap((setting) => ["--set", setting])];
    return { program: contender.program, args, env };
  };
  return { name, command };
}

/** The same pipeline of logs, with the same queue and requests of the same size. */
export function peerDurable(contender: Contender, { fsync }: { readonly fsync: boolean }): Contestant {
  const command = async (place: Place) => {
    const file = join(place.folder, "durable-relay.yaml");
    await writeFile(file, peerConfig(place, fsync));
    return { program: contender.program, args: contender.args(file) };
  };
  return { name: fsync ? `${contender.name}, fsync` : contender.name, command };
}

function peerConfig(place: Place, fsync: boolean): string {
  return `\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${place.receiver}
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 400
    spike_limit_mib: 80
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:${place.sink}
    compression: gzip
    compression_params:
      level: 1
    sending_queue:
      storage: file_storage
      sizer: bytes
      queue_size: ${2 * 2 ** 30}
      batch:
        sizer: bytes
        min_size: ${512 * 2 ** 10}
        max_size: ${4 * 2 ** 20}
        flush_timeout: 200ms
extensions:
  file_storage:
    directory: ${place.folder}
    fsync: ${fsync}
service:
  extensions: [file_storage]
  telemetry:
    metrics:
      readers:
        - pull:
            exporter:
              prometheus:
                host: 127.0.0.1
                port: ${place.metrics}
  pipelines:
    logs:
      receivers: [otlp]
      processors: [memory_limiter]
      exporters: [otlp_http]
`;
}
