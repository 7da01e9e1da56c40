import { readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

export interface Retention {
  /** 0 keeps all. */
  readonly maxBackups: number;
  /** `undefined` keeps any age. */
  readonly maxAgeMs: number | undefined;
}

/**
 * The files that a path has been set aside as: `telemetry-2026-09-01T08-30-00.123.json` beside `telemetry.json`, time
 * in UTC, the names that the OpenTelemetry Collector's file exporter gives. Several within one millisecond are
 * numbered: `….123.1.json`.
 */
export class Backups {
  readonly #path: string;
  readonly #prefix: string;
  readonly #suffix: string;

  constructor(path: string) {
    this.#path = path;
    this.#suffix = extname(path);
    this.#prefix = `${basename(path, this.#suffix)}-`;
  }

  /** Renames the file at the path; returns its new path. Never replaces a file. A file that is gone is no error. */
  async setAside(nowMs: number): Promise<string> {
    const stamp = new Date(nowMs).toISOString().slice(0, -1).replaceAll(":", "-");
    for (let index = 0; ; index++) {
      const name = `${this.#prefix}${stamp}${index === 0 ? "" : `.${index}`}${this.#suffix}`;
      const target = join(dirname(this.#path), name);
      if (await exists(target)) continue;
      await rename(this.#path, target).catch(unlessGone);
      return target;
    }
  }

  /** Deletes what retention does not keep; what it cannot delete it leaves. Returns how many files went. */
  async prune(retention: Retention, nowMs: number): Promise<number> {
    const newestFirst = (await this.list()).toReversed();
    const outdated = newestFirst.filter(({ timeMs }, index) => {
      if (retention.maxBackups > 0 && index >= retention.maxBackups) return true;
      return retention.maxAgeMs !== undefined && nowMs - timeMs > retention.maxAgeMs;
    });
    const outcomes = await Promise.allSettled(outdated.map(({ path }) => unlink(path)));
    return outcomes.filter(({ status }) => status === "fulfilled").length;
  }

  /** The backups, oldest first. Files with other names are none of ours. */
  async list(): Promise<{ readonly path: string; readonly timeMs: number }[]> {
    const directory = dirname(this.#path);
    const found: { readonly path: string; readonly timeMs: number; readonly index: number }[] = [];
    for (const name of await readdir(directory)) {
      const stamp = this.#stampOf(name);
      if (stamp !== undefined) found.push({ path: join(directory, name), ...stamp });
    }
    return found.toSorted((a, b) => a.timeMs - b.timeMs || a.index - b.index);
  }

  #stampOf(name: string): { readonly timeMs: number; readonly index: number } | undefined {
    if (!name.startsWith(this.#prefix) || !name.endsWith(this.#suffix)) return undefined;
    const stamp = name.slice(this.#prefix.length, name.length - this.#suffix.length);
    const match = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3})(?:\.(\d+))?$/.exec(stamp);
    if (match === null) return undefined;
    const timeMs = Date.parse(`${match[1]}${match[2]}:${match[3]}:${match[4]}Z`);
    return Number.isNaN(timeMs) ? undefined : { timeMs, index: Number(match[5] ?? 0) };
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
