import { isDbintelError } from "@dbintel/errors";
import type { Check, Diagnosis, Environment, Subject } from "@dbintel/pipeline";
import { componentKinds, loneHost } from "@dbintel/pipeline";
import type { DistributionConfig } from "../configuration.ts";
import { usedSignals } from "../used-signals.ts";

/** What the command itself finds, beside the checks of the components. */
export const ownChecks = {
  "DOCTOR-001": "The settings can be followed: files that they name can be read, lists of servers can be had.",
  "DOCTOR-002": "The examination ends in time. What hangs is left alone; the checks before it stand.",
  "DOCTOR-003": "The examination itself works. An error here is a defect of the collector.",
} as const;

/** A check with what its code is about. */
export interface Finding extends Check {
  readonly meaning: string;
}

/** Everything that was found about one server or endpoint. */
export interface ExaminedSubject {
  /** Kind and id of the component, `receiver postgresql`. */
  readonly component: string;
  /** The server or endpoint; "" when the settings could not be followed. */
  readonly name: string;
  /** In the order in which checks are listed; what could not be examined is there as skipped. */
  readonly findings: readonly Finding[];
}

export interface ExaminationOptions {
  readonly config: DistributionConfig;
  readonly environment: Environment;
  /** How long one subject may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many subjects are examined at once. Default 8. */
  readonly atOnce?: number;
}

interface Task {
  readonly component: string;
  readonly checks: Diagnosis<unknown>["checks"];
  readonly subject: Subject;
}

/** Examines everything that the components of a configuration depend on; the subjects in the order of the configuration. */
export async function examine(options: ExaminationOptions): Promise<readonly ExaminedSubject[]> {
  const planned = await tasks(options.config);
  const results: ExaminedSubject[] = [];
  const waiting = planned.entries();
  const work = async () => {
    // One iterator for all workers: each takes the next one that nobody has.
    for (const [index, task] of waiting) {
      results[index] = "subject" in task ? await examineSubject(task, options) : task;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce ?? 8, planned.length) }, work));
  return results;
}

/** The subjects of each component, or what keeps them from being known. */
async function tasks(config: DistributionConfig): Promise<readonly (Task | ExaminedSubject)[]> {
  const planned: (Task | ExaminedSubject)[] = [];
  for (const kind of componentKinds) {
    for (const { id, config: settings, definition } of config[`${kind}s`].values()) {
      const { diagnosis } = definition;
      if (diagnosis === undefined) continue;
      const component = `${kind} ${id}`;
      try {
        const args = { id, config: settings, signals: usedSignals(config, id) };
        const subjects = await diagnosis.subjects(args);
        planned.push(...subjects.map((subject) => ({ component, checks: diagnosis.checks, subject })));
      } catch (error) {
        const check = { code: "DOCTOR-001", status: "fail", ...explained(error) } as const;
        planned.push({ component, name: "", findings: [{ ...check, meaning: ownChecks["DOCTOR-001"] }] });
      }
    }
  }
  return planned;
}

async function examineSubject(task: Task, { environment, timeoutMs }: ExaminationOptions): Promise<ExaminedSubject> {
  const { component, subject, checks } = task;
  const found: Check[] = [];
  const ending = new AbortController();
  const late = Promise.withResolvers<"late">();
  const timer = environment.clock.schedule(timeoutMs, () => {
    late.resolve("late");
    ending.abort(new DOMException("the examination took too long", "TimeoutError"));
  });
  const examination = collect(subject, { host: loneHost(environment), signal: ending.signal }, found);
  // What ignores its signal is not waited for, and what it still says then is not listened to.
  const end = await Promise.race([examination, late.promise]);
  timer.cancel();
  if (end === "late") {
    const message = `the examination was given up after ${timeoutMs / 1000} s`;
    const hint = "a server that takes connections and does not answer, or a lock; --timeout gives it longer";
    found.push({ code: "DOCTOR-002", status: "fail", message, hint });
  } else if (end !== undefined) {
    found.push({ code: "DOCTOR-003", status: "fail", ...explained(end.error) });
  }
  return { component, name: subject.name, findings: inOrder([...found], { ...checks, ...ownChecks }) };
}

/** Resolves with what the examination threw, if it did. */
async function collect(
  subject: Subject,
  args: Parameters<Subject["examine"]>[0],
  found: Check[],
): Promise<{ readonly error: unknown } | undefined> {
  try {
    for await (const check of subject.examine(args)) found.push(check);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** By the catalogue, with its meanings; what was not come to is skipped. */
function inOrder(found: readonly Check[], meanings: Readonly<Record<string, string>>): readonly Finding[] {
  return Object.entries(meanings).flatMap(([code, meaning]): readonly Finding[] => {
    const own = found.filter((check) => check.code === code);
    if (own.length > 0) return own.map((check) => ({ ...check, meaning }));
    return code in ownChecks ? [] : [{ code, status: "skipped", message: "not examined", meaning }];
  });
}

function explained(error: unknown): Pick<Check, "message" | "hint"> {
  const message = error instanceof Error ? error.message : String(error);
  return isDbintelError(error) ? { message, hint: error.hint } : { message };
}
