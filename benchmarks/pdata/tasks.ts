/** The jobs that are timed: each from the bytes of a request, by the lens and by a full decoder. */
import { attributeKey, decodeLogs, decodeMetrics } from "@dbintel/pdata";
import type { Peer } from "./peers.ts";

/** What a job gives; the contenders must agree, or their speed says nothing. */
export interface Outcome {
  readonly bytes?: Uint8Array;
  /** Sums up what was read. */
  readonly read: number;
}

export interface Task {
  readonly name: string;
  lens(bytes: Uint8Array): Outcome;
  peer(peer: Peer, bytes: Uint8Array): Outcome;
}

const namespace = attributeKey("db.namespace");
const operation = attributeKey("db.operation.name");
const calls = attributeKey("postgresql.calls");
const added = attributeKey("dbintel.cost.tier");

function peerRecords(peer: Peer, bytes: Uint8Array) {
  const request = peer.decode(bytes);
  const container = request.resourceLogs?.[0]?.scopeLogs[0];
  if (container === undefined) throw new Error("no records");
  return { request, container };
}

/** Three attributes of each record are read, every second record is dropped, the rest is encoded. */
export const filter: Task = {
  name: "walk, read 3 attributes, drop half, encode",
  lens(bytes) {
    const logs = decodeLogs(bytes);
    let read = 0;
    const record = logs.records();
    while (record.advance()) {
      const { attributes } = record;
      read += (attributes.getString(namespace)?.length ?? 0) + (attributes.getString(operation)?.length ?? 0);
      if ((attributes.getNumber(calls) ?? 0) % 2 === 1) record.drop("odd");
    }
    return { bytes: logs.encode(), read };
  },
  peer(peer, bytes) {
    const { request, container } = peerRecords(peer, bytes);
    let read = 0;
    container.logRecords = container.logRecords.filter((item) => {
      read += String(peer.read(item, namespace.name)).length + String(peer.read(item, operation.name)).length;
      return Number(peer.read(item, calls.name)) % 2 !== 1;
    });
    return { bytes: peer.encode(request), read };
  },
};

export const decodeOnly: Task = {
  name: "decode with full validation",
  lens: (bytes) => ({ read: decodeLogs(bytes).count }),
  peer: (peer, bytes) => ({ read: peerRecords(peer, bytes).container.logRecords.length }),
};

export const passThrough: Task = {
  name: "decode, encode unedited",
  lens(bytes) {
    const logs = decodeLogs(bytes);
    return { bytes: logs.encode(), read: logs.count };
  },
  peer(peer, bytes) {
    const { request, container } = peerRecords(peer, bytes);
    return { bytes: peer.encode(request), read: container.logRecords.length };
  },
};

export const setOne: Task = {
  name: "set 1 attribute on each record, encode",
  lens(bytes) {
    const logs = decodeLogs(bytes);
    const record = logs.records();
    while (record.advance()) record.attributes.set(added, "standard");
    return { bytes: logs.encode(), read: logs.count };
  },
  peer(peer, bytes) {
    const { request, container } = peerRecords(peer, bytes);
    for (const item of container.logRecords) peer.set(item, added.name, "standard");
    return { bytes: peer.encode(request), read: container.logRecords.length };
  },
};

const index = attributeKey("postgresql.index.name");

/** The value and one attribute of each point. */
export const metricsWalk: Task = {
  name: "metrics: walk 6,000 points, read value and 1 attribute",
  lens(bytes) {
    const point = decodeMetrics(bytes).points();
    let read = 0;
    while (point.advance()) read += Number(point.value) + (point.attributes.getString(index)?.length ?? 0);
    return { read };
  },
  peer(peer, bytes) {
    const metrics = peer.decode(bytes).resourceMetrics?.[0]?.scopeMetrics[0]?.metrics ?? [];
    let read = 0;
    for (const point of metrics.flatMap((metric) => peer.sumPoints(metric))) {
      read += point.value + String(peer.read(point, index.name)).length;
    }
    return { read };
  },
};
