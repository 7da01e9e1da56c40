import type { Milliseconds } from "@dbintel/config";
import type { AnyValue } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import type { Problems } from "@dbintel/polling";
import { breakerSettings, type PollList, ServerWatch, type WatchedDatabase } from "@dbintel/watching";
import type { z } from "zod";
import { instanceAttributes, instanceConfig } from "./instance-entry.ts";
import { InstanceSet } from "./instance-set.ts";
import { type InstanceSettings, listingOf } from "./instance-settings.ts";
import type { InstanceEntry } from "./listing/listing.ts";
import type { PasswordSettings } from "./login/login-settings.ts";

/** The settings that the receivers of all databases have in common. */
interface ReceiverSettings extends InstanceSettings, PasswordSettings {
  readonly max_instances: number;
  readonly concurrent_starts: number;
  readonly initial_delay: Milliseconds;
  readonly timeout: Milliseconds;
  readonly circuit_breaker: Parameters<typeof breakerSettings>[0];
  readonly budget: { readonly max_database_share: number };
}

/** One server of a receiver, before its parts have said what they ask it. */
export interface ListedServer<Config> {
  /** What is right for this one server. */
  readonly config: Config;
  /** Attributes of its resource that its entry gives to it. */
  readonly attributes?: Readonly<Record<string, AnyValue>>;
  readonly host: Host;
  readonly next: Consumers;
  /** Takes what the parts ask. */
  readonly watch: PollList;
  /** Where problems go that are none of a poll. */
  readonly problems?: Problems;
}

/** What a receiver of one kind of database is: all that is not a matter of its dialect. */
export function databaseReceiver<
  Config extends ReceiverSettings,
  Entry extends InstanceEntry & Parameters<typeof instanceAttributes>[0],
>(args: {
  readonly id: string;
  readonly config: Config;
  readonly host: Host;
  readonly next: Consumers;
  /** What an entry of a list may say. */
  readonly schema: z.ZodType<Entry>;
  /** Settings that were given and do nothing. */
  readonly withoutEffect: readonly string[];
  /** How the errors of a server are to be read. */
  readonly watched: (config: Config) => WatchedDatabase;
  /** Adds what is asked of a server to its watch. */
  readonly fill: (server: ListedServer<Config>) => void;
}): Component {
  const { id, config, next, withoutEffect } = args;
  return new InstanceSet({
    id,
    host: args.host,
    listing: listingOf(config, args.schema),
    mostInstances: config.max_instances,
    concurrentStarts: config.concurrent_starts,
    withoutEffect,
    open({ entry, host, problems }) {
      const own = instanceConfig(config, entry);
      const watch = new ServerWatch({
        ...{ host, next, problems, watched: args.watched(own) },
        breaker: breakerSettings(own.circuit_breaker),
        initialDelay: own.initial_delay,
        timeout: own.timeout,
        mostShare: own.budget.max_database_share,
      });
      args.fill({ config: own, attributes: instanceAttributes(entry), host, next, watch, problems });
      return watch;
    },
  });
}
