import { isDbintelError } from "@dbintel/errors";
import { printable } from "@dbintel/watching";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Tells why a command failed and what to do about it; throws what is no error of the collector's but a defect. */
export function failure(command: string, error: unknown, terminal: Terminal): ExitCode {
  if (!isDbintelError(error)) throw error;
  const hint = error.hint === undefined ? "" : `\n    ${error.hint}`;
  terminal.printError(`dbintel ${command}: ${printable(error.message)} (${error.code})${hint}`);
  return exitCodes.failure;
}
