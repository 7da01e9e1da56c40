import { z } from "zod";

const times = z.array(z.tuple([z.string(), z.number()]));

/** What {@link Callers} are saved as. */
export const savedCallers = z.array(
  z.strictObject({
    server: z.string(),
    database: z.string(),
    fingerprint: z.string(),
    services: times,
    traces: times,
  }),
);

/** Who executed a statement: the latest services and traces, each with its time. */
export class Callers {
  readonly #services = new Map<string, number>();
  readonly #traces = new Map<string, number>();

  service(name: string, atMs: number, most: number): void {
    note(this.#services, name, atMs, most);
  }

  trace(id: string, atMs: number, most: number): void {
    note(this.#traces, id, atMs, most);
  }

  /** Those of `sinceMs` and later, the latest first. */
  services(sinceMs: number): readonly string[] {
    return since(this.#services, sinceMs);
  }

  traces(sinceMs: number): readonly string[] {
    return since(this.#traces, sinceMs);
  }

  save() {
    return { services: [...this.#services], traces: [...this.#traces] };
  }
}

/** Notes at the end; the first, which was noted longest ago, makes room. */
function note(names: Map<string, number>, name: string, atMs: number, most: number): void {
  const last = names.get(name) ?? atMs;
  names.delete(name);
  names.set(name, Math.max(last, atMs));
  const [oldest] = names.keys();
  if (names.size > most && oldest !== undefined) names.delete(oldest);
}

function since(names: ReadonlyMap<string, number>, sinceMs: number): readonly string[] {
  return [...names].flatMap(([name, atMs]) => (atMs >= sinceMs ? [name] : [])).reverse();
}
