/** Where a command reads and writes: the process in production, buffers in tests. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  print(text: string): void;
  printError(text: string): void;
  /** Columns to fit tables into; `undefined` when the output is no terminal. */
  readonly columns: number | undefined;
}

/** Exit codes of the command, the same for every subcommand. */
export const exitCodes = { ok: 0, failure: 1, badConfiguration: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    env: process.env,
    print: (text) => void process.stdout.write(`${text}\n`),
    printError: (text) => void process.stderr.write(`${text}\n`),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  };
}
