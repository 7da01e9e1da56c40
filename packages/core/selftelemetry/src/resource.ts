import type { BuildInfo, Random } from "@dbintel/pipeline";

/**
 * The resource of the collector's own telemetry: `service.name`, `service.version` and a `service.instance.id` that
 * is new in every process, changed by the configuration; `null` there takes one away.
 */
export function ownResource(args: {
  readonly build: BuildInfo;
  readonly random: Random;
  readonly configured: Readonly<Record<string, string | null>>;
}): Record<string, string> {
  const { build, random, configured } = args;
  const all = {
    "service.name": build.name,
    "service.version": build.version,
    "service.instance.id": uuid(random),
    ...configured,
  };
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** A random UUID, version 4 (RFC 9562, section 5.4). */
function uuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
