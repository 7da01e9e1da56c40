import { type Agent, request } from "node:http";

/** Posts gzip-compressed protobuf to an OTLP/HTTP receiver of this machine; resolves to the status, or "error". */
export function postLogs(body: Buffer, to: { readonly port: number; readonly agent: Agent }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const headers = {
    "content-type": "application/x-protobuf",
    "content-encoding": "gzip",
    "content-length": body.length,
  };
  const outgoing = request({ host: "127.0.0.1", ...to, path: "/v1/logs", method: "POST", headers });
  outgoing.on("error", () => resolve("error"));
  outgoing.on("response", (incoming) => {
    incoming.resume();
    incoming.on("end", () => resolve(String(incoming.statusCode)));
  });
  outgoing.end(body);
  return promise;
}
