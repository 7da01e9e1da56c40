import { type Batch, logsBuilder } from "@dbintel/pdata";
import { z } from "zod";
import type {
  Component,
  Configured,
  ConnectorDefinition,
  Consumer,
  ExporterDefinition,
  ExtensionDefinition,
  Host,
  ProcessorDefinition,
  ReceiverDefinition,
  StopOptions,
} from "../src/index.ts";
import { settle } from "../src/testing/index.ts";
import { bodies, never } from "./components.ts";

const schema = z.strictObject({
  port: z.number().optional(),
  directory: z.string().optional(),
  /** Fails when it is created, or when it is started. */
  fails: z.enum(["create", "start"]).optional(),
  /** Changes nothing but the settings. */
  version: z.number().optional(),
  /** An exporter that keeps everything until it stops: then its successor gets it, or it is delivered. */
  queued: z.boolean().optional(),
  authenticator: z.string().optional(),
});
type Settings = z.output<typeof schema>;

const logs = { logs: "stable" } as const;

/** Components that notice when they are used outside of their life, when two hold one thing, or when one is held twice. */
export class ReloadableWorld {
  /** Ids of records by the exporter that delivered them. */
  readonly delivered: { readonly id: string; readonly by: string }[] = [];
  readonly violations: string[] = [];
  /** Starts and stops in order. */
  readonly diary: string[] = [];
  readonly #held = new Set<string>();
  readonly #listening = new Map<number, (batch: Batch) => Promise<void>>();
  #instances = 0;

  /** False when nobody listens there or the receiver gives the batch back. */
  async send(port: number, id: string): Promise<boolean> {
    const take = this.#listening.get(port);
    if (take === undefined) return false;
    const batch = logsBuilder().resource({ attributes: {} }).scope({ name: "test" }).record({ body: id }).build();
    return take(batch).then(
      () => true,
      () => false,
    );
  }

  receiver(settings: Settings): Configured<ReceiverDefinition> {
    return this.#configured(this.#receivers, settings);
  }

  /** Passes on at once. */
  processor(settings: Settings = {}): Configured<ProcessorDefinition> {
    return this.#configured(this.#processors, settings);
  }

  /** Takes responsibility, and passes on when it stops. */
  holder(settings: Settings = {}): Configured<ProcessorDefinition> {
    return this.#configured(this.#holders, settings);
  }

  exporter(settings: Settings = {}): Configured<ExporterDefinition> {
    return this.#configured(this.#exporters, settings);
  }

  connector(settings: Settings = {}): Configured<ConnectorDefinition> {
    return this.#configured(this.#connectors, settings);
  }

  extension(settings: Settings = {}): Configured<ExtensionDefinition> {
    return this.#configured(this.#extensions, settings);
  }

  #configured<Definition>(definition: Definition, config: Settings) {
    // A configuration that is read again gives other objects with the same digest.
    return { definition, config: { ...config }, digest: JSON.stringify(config) };
  }

  readonly #base = {
    description: "Of a test.",
    schema,
    signals: logs,
    exclusive: ({ directory }: Settings) => (directory === undefined ? [] : [`directory:${directory}`]),
  };

  readonly #receivers: ReceiverDefinition<typeof schema> = {
    ...{ kind: "receiver", type: "door", ...this.#base },
    listeners: ({ port }) => (port === undefined ? [] : [{ address: { host: "localhost", port }, guarded: false }]),
    create: ({ id, config, host, next }) => {
      const { port } = config;
      const open = new Set<Promise<void>>();
      const take = async (batch: Batch) => {
        host.accounting.received("logs", batch.count);
        const call = (next.logs?.consume(batch as never, { signal: never }) ?? Promise.resolve()).catch((error) => {
          host.accounting.refused("logs", batch.count);
          throw error;
        });
        open.add(call);
        await call.finally(() => open.delete(call));
      };
      const life = this.#life(`receiver ${id}`, config, host, async () => {
        if (port !== undefined) this.#listening.delete(port);
        await Promise.allSettled(open);
      });
      return {
        ...life,
        start: async (options) => {
          await life.start(options);
          if (port === undefined) return;
          if (this.#listening.has(port)) this.violations.push(`${port} is in use`);
          this.#listening.set(port, take);
        },
      };
    },
  };

  readonly #processors: ProcessorDefinition<typeof schema> = {
    ...{ kind: "processor", type: "pass", ...this.#base },
    create: ({ id, config, host, next }) => {
      const life = this.#life(`processor ${id}`, config, host);
      return { ...life, consume: life.within((batch, context) => next.consume(batch, context)) };
    },
  };

  readonly #holders: ProcessorDefinition<typeof schema> = {
    ...{ kind: "processor", type: "hold", ...this.#base },
    create: ({ id, config, host, next }) => {
      const kept: Batch[] = [];
      const life = this.#life(`processor ${id}`, config, host, async () => {
        for (const batch of kept.splice(0)) await next.consume(batch, { signal: never });
      });
      return {
        ...life,
        consume: life.within(async (batch) => void kept.push(batch)),
        held: () => kept.reduce((sum, batch) => sum + batch.count, 0),
      };
    },
  };

  readonly #exporters: ExporterDefinition<typeof schema> = {
    ...{ kind: "exporter", type: "store", ...this.#base },
    create: ({ id, config, host }) => {
      const kept: Batch[] = [];
      const deliver = async (batch: Batch) => {
        await settle();
        this.delivered.push(...bodies(batch).map((body) => ({ id: String(body), by: life.name })));
        host.accounting.sent("logs", batch.count);
      };
      const life = this.#life(`exporter ${id}`, config, host, async ({ successor }) => {
        for (const batch of kept.splice(0)) {
          const next: Consumer | undefined = successor?.logs;
          await (next?.consume(batch, { signal: never }) ?? deliver(batch));
        }
      });
      const consume = life.within(config.queued === true ? async (batch) => void kept.push(batch) : deliver);
      const held = () => kept.reduce((sum, batch) => sum + batch.count, 0);
      return { ...life, held, consumers: { logs: { consume } } };
    },
  };

  readonly #connectors: ConnectorDefinition<typeof schema> = {
    ...{ kind: "connector", type: "join", ...this.#base },
    signals: { logs },
    create: ({ id, config, host, next, pipelines }) => {
      const chosen = pipelines.outlet([...pipelines.signals.keys()]);
      const life = this.#life(`connector ${id}`, config, host);
      // One of its two ways out after the other.
      let calls = 0;
      const consume = life.within(async (batch, context) => {
        const way: Consumer | undefined = calls++ % 2 === 0 ? next.logs : chosen;
        await way?.consume(batch, context);
      });
      return { ...life, consumers: { logs: { consume } } };
    },
  };

  readonly #extensions: ExtensionDefinition<typeof schema> = {
    ...{ kind: "extension", type: "aside", ...this.#base, stability: "stable" },
    create: ({ id, config, host }) => {
      return { ...this.#life(`extension ${id}`, config, host), challenge: "Test", admits: async () => true };
    },
  };

  #life(place: string, config: Settings, host: Host, onStop: (options: StopOptions) => Promise<void> = async () => {}) {
    if (config.fails === "create") throw new Error("no such thing");
    const name = `${place} #${++this.#instances}`;
    const { directory, authenticator } = config;
    let running = false;
    const component: Component = {
      start: async () => {
        await settle();
        if (authenticator !== undefined) host.extensions.serverAuthenticator(authenticator);
        if (config.fails === "start") throw new Error("no room");
        if (directory !== undefined && this.#held.has(directory)) this.violations.push(`${directory} is in use`);
        if (directory !== undefined) this.#held.add(directory);
        running = true;
        this.diary.push(`start ${name}`);
      },
      stop: async (options) => {
        if (!running) return;
        await onStop(options);
        await settle();
        running = false;
        if (directory !== undefined) this.#held.delete(directory);
        this.diary.push(`stop ${name}`);
      },
    };
    const within =
      (consume: Consumer["consume"]): Consumer["consume"] =>
      async (batch, context) => {
        if (!running) this.violations.push(`${name} was called outside of its life`);
        await consume(batch, context);
        if (!running) this.violations.push(`${name} stopped while it was called`);
      };
    return { ...component, name, within };
  }
}
