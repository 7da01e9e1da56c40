/**
 * The pipeline under test: OTLP/HTTP in, drop the DEBUG records, batch, OTLP/HTTP out with gzip. Both collectors read
 * this very text; the condition means the same in CEL and in OTTL.
 */
export function relayConfig(ports: {
  readonly receiver: number;
  readonly sink: number;
  readonly metrics: number;
}): string {
  return `\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${ports.receiver}
processors:
  filter:
    logs:
      log_record:
        - severity_number < 9
  batch:
    send_batch_size: 8192
    timeout: 200ms
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:${ports.sink}
    compression: gzip
service:
  telemetry:
    metrics:
      readers:
        - pull:
            exporter:
              prometheus:
                host: 127.0.0.1
                port: ${ports.metrics}
  pipelines:
    logs:
      receivers: [otlp]
      processors: [filter, batch]
      exporters: [otlp_http]
`;
}
