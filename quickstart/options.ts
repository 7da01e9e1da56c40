import { parseArgs } from "node:util";

/** What the command line of `npm start --` says. */
export type Options =
  | {
      readonly kind: "run";
      /** Milliseconds after which it stops by itself. */
      readonly forMs: number | undefined;
      /** Whether MariaDB is shown where the machine has MySQL too. */
      readonly mariadb: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "invalid"; readonly message: string };

export const usage = `Usage: npm start [-- --for 30s] [--mariadb]

Starts a PostgreSQL 18, and a MySQL or MariaDB where the machine has one, with a workload each and the collector, and
prints what the collector finds.
  --for <duration>  stop after this long (for example 30s or 2m); without it, stop with Ctrl-C
  --mariadb         show MariaDB where the machine has MySQL too
With NEW_RELIC_LICENSE_KEY set, the telemetry goes to New Relic as well.`;

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

export function parseOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { for: { type: "string" }, mariadb: { type: "boolean", default: false }, help: { type: "boolean" } },
    });
    if (values.help === true) return { kind: "help" };
    const { mariadb } = values;
    if (values.for === undefined) return { kind: "run", forMs: undefined, mariadb };
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(values.for);
    if (match === null) return { kind: "invalid", message: `--for ${values.for}: expected a duration such as 30s` };
    return { kind: "run", forMs: Number(match[1]) * unitMs[match[2] as keyof typeof unitMs], mariadb };
  } catch (error) {
    return { kind: "invalid", message: (error as Error).message };
  }
}
