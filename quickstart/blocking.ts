import type { Attributes, Logs } from "@dbintel/pdata";

/** A session that waits for others, or that others wait for, as its last sample in the interval tells. */
interface Sample {
  readonly id: string;
  /** What people name it by. */
  readonly number: number;
  readonly application: string;
  readonly state: string;
  readonly text: string;
  /** Who holds it up at the end of the chain; `undefined` when it does not wait. */
  readonly root: string | undefined;
  readonly depth: number;
  readonly waitedSeconds: number;
  readonly relation: string;
  readonly blocked: number;
}

const sampleEvent = "db.server.query_sample";
const mostLines = 6;
const longestText = 60;
const nanoPerMs = 1_000_000n;

/** Keeps who blocked whom since it was asked last. */
export class BlockingTree {
  #samples = new Map<string, Sample>();

  addLogs(logs: Logs): void {
    for (const { eventName, attributes, timeUnixNano } of logs.records()) {
      if (eventName !== sampleEvent) continue;
      const sample = sampleOf(attributes, Number(timeUnixNano / nanoPerMs));
      const known = this.#samples.get(sample.id);
      // Of what a session did in the interval, its longest wait says most, and of a root that it blocked.
      const tellsMore = sample.blocked > 0 || sample.waitedSeconds >= (known?.waitedSeconds ?? 0);
      if (known === undefined || (tellsMore && (sample.root !== undefined || sample.blocked > 0))) {
        this.#samples.set(sample.id, sample);
      }
    }
  }

  /** A line for each root, and below it those that wait for it, the nearest first; none when nobody waited. */
  take(): readonly string[] {
    const samples = [...this.#samples.values()];
    this.#samples = new Map();
    const roots = new Set(samples.map(({ root }) => root).filter((root) => root !== undefined));
    const lines = [...roots].flatMap((root) => {
      const waiting = samples
        .filter((sample) => sample.root === root && sample.id !== root)
        .sort((one, other) => one.depth - other.depth || other.waitedSeconds - one.waitedSeconds);
      return waiting.length === 0 ? [] : [rootLine(root, samples), ...waiting.map(waiterLine)];
    });
    const more = lines.length - mostLines;
    return more > 0 ? [...lines.slice(0, mostLines), `  … and ${more} more`] : lines;
  }
}

function sampleOf(attributes: Attributes, atMs: number): Sample {
  const number = (name: string) => attributes.getNumber(name) ?? 0;
  const text = (name: string) => attributes.getString(name) ?? "";
  const common = {
    text: text("db.query.text"),
    depth: number("dbintel.blocking.depth"),
    blocked: number("dbintel.blocking.sessions"),
  };
  const pid = attributes.getNumber("postgresql.pid");
  if (pid === undefined) {
    return {
      ...common,
      id: text("dbintel.session.id"),
      number: number("mysql.session.id"),
      application: text("user.name"),
      state: text("mysql.session.status"),
      root: attributes.getString("dbintel.blocking.root.session.id"),
      waitedSeconds: number("mysql.blocking.wait_duration"),
      relation: text("mysql.blocking.lock.relation"),
    };
  }
  const root = attributes.getNumber("dbintel.blocking.root.pid");
  return {
    ...common,
    id: String(pid),
    number: pid,
    application: text("postgresql.application_name"),
    state: text("postgresql.state"),
    root: root === undefined ? undefined : String(root),
    // The duration counts whole seconds.
    waitedSeconds:
      sinceStart(text("postgresql.blocking.start_time"), atMs) ?? number("postgresql.blocking.wait_duration"),
    relation: text("postgresql.blocking.lock.relation"),
  };
}

function sinceStart(start: string, atMs: number): number | undefined {
  const startMs = Date.parse(start);
  return Number.isNaN(startMs) ? undefined : Math.max(0, (atMs - startMs) / 1000);
}

function rootLine(id: string, samples: readonly Sample[]): string {
  const root = samples.find((sample) => sample.id === id);
  if (root === undefined) return `session ${id} holds up:`;
  return `session ${root.number} (${root.application}, ${root.state}) holds up: ${excerpt(root.text)}`;
}

function waiterLine({ number, application, depth, waitedSeconds, relation, text }: Sample): string {
  const wanted = relation === "" ? "" : ` for ${relation}`;
  const waited = Math.round(10 * waitedSeconds) / 10;
  return `${"   ".repeat(Math.max(1, depth))}└─ ${number} (${application}) waits ${waited} s${wanted}: ${excerpt(text)}`;
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= longestText ? line : `${line.slice(0, longestText - 1)}…`;
}
