import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../src/cli.ts";
import type { ExaminedSubject } from "../src/doctor/examination.ts";

/** What a run of `dbintel doctor` came to. */
export interface DoctorRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `dbintel doctor` on a configuration, within this process. */
export async function doctor(yaml: string, ...args: readonly string[]): Promise<DoctorRun> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-doctor-"));
  try {
    const file = join(folder, "collector.yaml");
    await writeFile(file, yaml);
    const out: string[] = [];
    const err: string[] = [];
    const terminal = {
      env: {},
      columns: undefined,
      print: (text: string) => void out.push(text),
      printError: (text: string) => void err.push(text),
    };
    // The last one counts; a busy machine may take long.
    const code = await main(["doctor", "--config", file, "--timeout", "5m", ...args], terminal);
    return { code, out: out.join("\n"), err: err.join("\n") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What was found about each subject. */
export async function findings(
  yaml: string,
): Promise<{ readonly code: number; readonly subjects: readonly ExaminedSubject[] }> {
  const { code, out, err } = await doctor(yaml, "--format", "json");
  if (err !== "") throw new Error(err);
  const { subjects } = JSON.parse(out) as { subjects: readonly ExaminedSubject[] };
  return { code, subjects };
}

/** `CODE status` of everything that is neither in order nor skipped; a machine may be slow, which is nothing wrong. */
export function wrong(subjects: readonly ExaminedSubject[]): readonly string[] {
  return subjects.flatMap(({ findings: found }) =>
    found
      .filter(({ code, status }) => status === "fail" || (status === "warn" && !code.endsWith("-COST-001")))
      .map(({ code, status, message }) => `${code} ${status} ${message}`),
  );
}
