import { DbintelError } from "@dbintel/errors";
import { type ConfigPath, formatPath, formatPosition, type Position } from "./position.ts";

/** One finding about a configuration. Neither message nor hint holds a secret or the value of a variable. */
export interface Diagnostic {
  /** A configuration with an error does not run; a warning is an error under `validate --strict` only. */
  readonly severity: "error" | "warning";
  readonly path: ConfigPath;
  readonly position: Position;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The known name that is closest to an unknown one. */
  readonly suggestion?: string | undefined;
}

/** A configuration that cannot run; `diagnostics` lists every error, and the warnings. */
export class ConfigError extends DbintelError {
  override readonly name = "ConfigError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    const count = errors.length === 1 ? "an error" : `${errors.length} errors`;
    super(`the configuration has ${count}:\n${formatDiagnostics(errors)}`, { code: "DBI_CONFIG_INVALID" });
    this.diagnostics = diagnostics;
  }
}

/** True when one of them is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}

/** How to print; default `text`. */
export interface FormatOptions {
  readonly format?: "text" | "json";
}

/**
 * Prints findings, `text` with a line for each: `file:line:col path.to.key: message (did you mean "x"?)`, the hint
 * indented below. A warning has `warning: ` before its message. `json` is an array of {@link Diagnostic}.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], { format = "text" }: FormatOptions = {}): string {
  if (format === "json") return JSON.stringify(diagnostics, undefined, 2);
  return diagnostics.map(formatDiagnostic).join("\n");
}

function formatDiagnostic({ severity, path, position, message, hint, suggestion }: Diagnostic): string {
  const place = path.length === 0 ? "" : ` ${formatPath(path)}`;
  const label = severity === "warning" ? "warning: " : "";
  const question = suggestion === undefined ? "" : ` (did you mean ${JSON.stringify(suggestion)}?)`;
  const advice = hint === undefined ? "" : `\n    ${hint}`;
  return `${formatPosition(position)}${place}: ${label}${message}${question}${advice}`;
}
