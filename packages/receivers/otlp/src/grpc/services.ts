import type { Signal } from "@dbintel/pdata";
import type { handleUnaryCall, Server } from "@grpc/grpc-js";

/** The three services of OTLP, each with one method (opentelemetry-proto, the files named …_service.proto). */
const services: Readonly<Record<Signal, string>> = {
  logs: "opentelemetry.proto.collector.logs.v1.LogsService",
  metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService",
  traces: "opentelemetry.proto.collector.trace.v1.TraceService",
};

/** Messages stay bytes: the lens reads them where they are. */
const asBytes = (bytes: Buffer) => bytes;

/** Serves the export of one signal. A signal that is not served is answered UNIMPLEMENTED. */
export function serveExport(server: Server, signal: Signal, handler: handleUnaryCall<Buffer, Buffer>): void {
  const method = {
    path: `/${services[signal]}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  };
  server.addService({ Export: method }, { Export: handler });
}
