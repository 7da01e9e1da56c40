import type { Host, LogFields, Logger, Storage } from "@dbintel/pipeline";

/** The host of a receiver as one of its servers sees it: what is kept and what is logged is that server's own. */
export function instanceHost(host: Host, endpoint: string): Host {
  const name = (snapshot: string) => `${endpoint}/${snapshot}`;
  const storage: Storage = {
    get durable() {
      return host.storage.durable;
    },
    load: (snapshot) => host.storage.load(name(snapshot)),
    save: (snapshot, bytes) => host.storage.save(name(snapshot), bytes),
  };
  return { ...host, storage, logger: withInstance(host.logger, endpoint) };
}

function withInstance(logger: Logger, instance: string): Logger {
  const log = (level: keyof Logger) => (fields: LogFields, message: string) =>
    logger[level]({ instance, ...fields }, message);
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
