import type { IncomingMessage, ServerResponse } from "node:http";
import { TextScrubber } from "@dbintel/pii";
import { type Control, type Host, logLevels } from "@dbintel/pipeline";
import { z } from "zod";
import { type Answer, Refusal } from "./answer.ts";
import type { AuditLog } from "./audit-log.ts";
import { ComponentPattern } from "./component-pattern.ts";
import { componentTree, reloadShown } from "./component-tree.ts";
import type { AdminConfig } from "./config.ts";
import { deadLetterRoute } from "./dead-letter-route.ts";
import { readiness } from "./readiness.ts";
import { jsonBody } from "./request-body.ts";
import { TapSession } from "./tap-session.ts";

/** A request that may be answered. */
export interface Visit {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly who: string;
}

/** One path with what each method of it does. `undefined` when it has answered by itself. */
export interface Route {
  /** Health is told to anybody who reaches the endpoint: probes have no credentials. */
  readonly open?: boolean;
  readonly methods: Readonly<Record<string, (visit: Visit) => Promise<Answer | undefined> | Answer>>;
}

const levelBody = z.strictObject({ level: z.enum(logLevels) });

const tapQuery = z.strictObject({
  component: z.string().max(256).default("exporter/*"),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  seconds: z.coerce.number().positive().default(Number.POSITIVE_INFINITY),
});

/** Everything that the admin endpoint answers. */
export class Routes {
  readonly byPath: Readonly<Record<string, Route>>;
  readonly #config: AdminConfig;
  readonly #host: Host;
  readonly #audit: AuditLog;
  readonly #closing: AbortSignal;
  #texts: TextScrubber | undefined;
  #sessions = 0;

  constructor(args: {
    readonly config: AdminConfig;
    readonly host: Host;
    readonly audit: AuditLog;
    /** Aborted when the extension stops. */
    readonly closing: AbortSignal;
  }) {
    this.#config = args.config;
    this.#host = args.host;
    this.#audit = args.audit;
    this.#closing = args.closing;
    this.byPath = { ...this.#ofControl, "/api/v1/dead-letters": deadLetterRoute(args.host, args.audit) };
  }

  readonly #ofControl: Readonly<Record<string, Route>> = {
    "/-/healthy": { open: true, methods: { GET: () => ({ status: 200, body: { status: "alive" } }) } },
    "/-/ready": { open: true, methods: { GET: () => this.#ready() } },
    "/-/reload": { methods: { POST: (visit) => this.#reload(visit), GET: () => this.#lastReload() } },
    "/metrics": { methods: { GET: () => this.#metrics() } },
    "/api/v1/components": {
      methods: { GET: () => ({ status: 200, body: this.#components() }) },
    },
    "/api/v1/config": { methods: { GET: () => ({ status: 200, body: this.#control.settings() }) } },
    "/api/v1/log-level": {
      methods: {
        GET: () => ({ status: 200, body: { level: this.#control.logLevel } }),
        PUT: (visit) => this.#setLogLevel(visit),
      },
    },
    "/api/v1/tap": { methods: { GET: (visit) => this.#tap(visit) } },
  };

  get #control(): Control {
    const { control } = this.#host;
    if (control === undefined) throw new Refusal(501, "this program has nothing to control");
    return control;
  }

  /** Made when it is first needed. */
  get #scrubber(): TextScrubber {
    this.#texts ??= new TextScrubber();
    return this.#texts;
  }

  #components(): object {
    return componentTree(this.#host.collector, this.#control, this.#scrubber);
  }

  #ready(): Answer {
    const { collector, control } = this.#host;
    const options = { requireData: this.#config.readiness.require_data, closing: this.#closing.aborted };
    return readiness(collector, control, options);
  }

  #lastReload(): Answer {
    return { status: 200, body: { last_reload: reloadShown(this.#control) } };
  }

  async #metrics(): Promise<Answer> {
    const text = await this.#control.metrics();
    if (text !== undefined) {
      return { status: 200, body: text, headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } };
    }
    throw new Refusal(404, "service.telemetry.metrics has no Prometheus reader");
  }

  /** 200 when the new configuration runs, 422 when the one before runs on, 202 when this extension is itself exchanged. */
  async #reload({ who }: Visit): Promise<Answer> {
    const control = this.#control;
    const change = { action: "reload", who, detail: {} } as const;
    await this.#audit.note(change, "begun");
    const report = control.reload("admin");
    if ((await Promise.race([report, aborted(this.#closing)])) === "closing") {
      const body = {
        outcome: "running",
        note: "the admin endpoint is itself exchanged: ask the new one for the outcome",
      };
      return { status: 202, body };
    }
    const { outcome, problems } = await report;
    await this.#audit.note({ ...change, detail: { problems } }, outcome);
    return { status: outcome === "rejected" ? 422 : 200, body: reloadShown({ lastReload: await report }) ?? {} };
  }

  async #setLogLevel({ request, who }: Visit): Promise<Answer> {
    const control = this.#control;
    const parsed = levelBody.safeParse(await jsonBody(request));
    if (!parsed.success) throw new Refusal(400, `send {"level": …} with one of ${logLevels.join(", ")}`);
    const { level } = parsed.data;
    const detail = { from: control.logLevel, to: level };
    await this.#audit.note({ action: "log-level", who, detail }, "applied");
    control.logLevel = level;
    return { status: 200, body: { level } };
  }

  async #tap({ url, response, who }: Visit): Promise<undefined> {
    const { tap } = this.#config;
    const control = this.#control;
    if (!tap.enabled) throw new Refusal(403, "the tap is not enabled");
    const query = tapQuery.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) throw new Refusal(400, z.prettifyError(query.error));
    if (this.#sessions >= tap.max_sessions) throw new Refusal(429, "others look already", { "retry-after": "10" });
    const { component: glob, limit, seconds } = query.data;
    this.#sessions += 1;
    try {
      await this.#audit.note({ action: "tap", who, detail: { component: glob, limit } }, "begun");
      const durationMs = Math.min(seconds * 1000, tap.max_duration);
      const components = new ComponentPattern(glob);
      const request = { components, limit, durationMs, recordsPerSecond: tap.records_per_second };
      const around = { scrubber: this.#scrubber, clock: this.#host.clock, response };
      await new TapSession(request, around).run(control, this.#closing);
    } finally {
      this.#sessions -= 1;
    }
  }
}

function aborted(signal: AbortSignal): Promise<"closing"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("closing");
    else signal.addEventListener("abort", () => resolve("closing"), { once: true });
  });
}
