import { request } from "node:http";
import type { Control, ReloadReport } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { admin } from "../src/index.ts";

export const never = new AbortController().signal;

/** What a collector would do for its operators, written down. */
export class TestControl implements Control {
  logLevel: Control["logLevel"] = "info";
  lastReload: ReloadReport | undefined;
  text: string | undefined = "up 1\n";
  outcome: ReloadReport["outcome"] = "applied";
  readonly listeners = new Set<Parameters<Control["tap"]>[0]>();
  components: ReturnType<Control["accounts"]> = [];
  /** Awaited by reloads. */
  reloading: Promise<void> = Promise.resolve();

  accounts() {
    return this.components;
  }

  tap(listener: Parameters<Control["tap"]>[0]) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async reload(trigger: ReloadReport["trigger"]): Promise<ReloadReport> {
    await this.reloading;
    const problems = this.outcome === "rejected" ? ["c.yaml:1:1: wrong"] : [];
    const parts = { trigger, unixNano: 1_700_000_000_000_000_000n, started: [], stopped: [], kept: 3, problems };
    this.lastReload = { outcome: this.outcome, ...parts };
    return this.lastReload;
  }

  settings() {
    return [{ path: "receivers.otlp.port", value: 1, origin: "c.yaml:3:9" }];
  }

  async metrics() {
    return this.text;
  }
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** An admin extension on a free port. */
export async function operated(
  settings: Parameters<typeof admin>[0] = {},
  extensions: ReadonlyMap<string, object> = new Map(),
) {
  const control = new TestControl();
  const host: TestHost = createTestHost({ control, extensions });
  const { definition, config } = admin({ endpoint: "localhost:0", ...settings });
  const extension = definition.create({ id: "admin", config, host });
  await extension.start({ signal: never });
  const endpoint = String(host.lines.find(({ message }) => message === "the admin endpoint answers")?.fields.endpoint);
  const port = Number(endpoint.split(":").at(-1));
  /** With headers that `fetch` does not let a caller set. */
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = "") =>
    new Promise<Answered>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const json = response.headers["content-type"] === "application/json" && text !== "" ? JSON.parse(text) : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      });
      sent.on("error", reject).end(body);
    });
  const audit = () => host.lines.filter(({ message }) => message === "audit").map(({ fields }) => fields);
  return {
    ...{ control, host, extension, port, ask, audit },
    [Symbol.asyncDispose]: () => extension.stop({ signal: never }),
  };
}
