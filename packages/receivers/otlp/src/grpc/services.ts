import { exportMethods, type Signal } from "@dbintel/pdata";
import type { handleUnaryCall, Server } from "@grpc/grpc-js";

/** Messages stay bytes: the lens reads them where they are. */
const asBytes = (bytes: Buffer) => bytes;

/** Serves the export of one signal. A signal that is not served is answered UNIMPLEMENTED. */
export function serveExport(server: Server, signal: Signal, handler: handleUnaryCall<Buffer, Buffer>): void {
  const method = {
    path: exportMethods[signal],
    requestStream: false,
    responseStream: false,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  };
  server.addService({ Export: method }, { Export: handler });
}
