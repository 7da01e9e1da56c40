import { letterId, letterJson } from "@dbintel/delivery";
import { DbintelError } from "@dbintel/errors";
import { batchText, plain } from "@dbintel/exporter-debug";
import { encodeJson } from "@dbintel/pdata";
import { systemClock } from "@dbintel/pipeline";
import { type AccessOptions, accessTo } from "../admin/access.ts";
import { AdminClient } from "../admin/admin-client.ts";
import { type ConfigOptions, usableConfiguration } from "../configuration.ts";
import { type Listed, letterTable, letterText } from "../dlq/letter-text.ts";
import { type Office, Offices } from "../dlq/offices.ts";
import { runningOffices } from "../dlq/running-offices.ts";
import { failure } from "../failure.ts";
import { type ExitCode, exitCodes, type Terminal } from "../terminal.ts";

export interface DlqOptions extends Omit<ConfigOptions, "config">, AccessOptions {
  /** Where the letters of a collector that does not run are. Absent: one that runs is asked. */
  readonly config?: ConfigOptions["config"];
  /** Id of the only exporter that is looked at. */
  readonly exporter?: string;
}

/** Which letters: by the beginnings of their ids, or all of them. */
export interface ChosenOptions extends DlqOptions {
  readonly all: boolean;
}

interface Chosen extends Listed {
  readonly office: Office;
}

/** `dbintel dlq ls`: what exporters could not deliver for good. */
export function list(options: DlqOptions & { readonly format: string }, terminal: Terminal): Promise<ExitCode> {
  return withOffices("ls", options, terminal, async (offices) => {
    const listed = lettersOf(offices);
    if (options.format === "json") terminal.print(JSON.stringify(listed.map(shown), undefined, 2));
    else if (listed.length === 0) terminal.print("no dead letters");
    else terminal.print(letterTable(listed, Number(systemClock.unixNano() / 1_000_000n)));
  });
}

/** `dbintel dlq show`: a letter with its records, as they were kept: redacted. */
export function show(
  id: string,
  options: DlqOptions & { readonly format: string },
  terminal: Terminal,
): Promise<ExitCode> {
  return withOffices("show", options, terminal, async (offices) => {
    for (const listed of chosenFrom(offices, [id])) {
      const opened = await listed.office.stored.open(listed.letter.hash);
      if (opened === undefined) {
        throw new DbintelError(`letter ${letterId(listed.letter)} cannot be read any more`, { code: "DBI_STORAGE" });
      }
      if (options.format === "json") {
        const telemetry: unknown = JSON.parse(encodeJson(opened.batch));
        terminal.print(plain(JSON.stringify({ ...shown(listed), telemetry }, undefined, 2)));
      } else terminal.print(`${letterText(listed)}\n\n${batchText(opened.batch, "detailed").trimEnd()}`);
    }
  });
}

/** `dbintel dlq replay`: back into the queue of its exporter, which sends it at once, or when the collector starts. */
export function replay(ids: readonly string[], options: ChosenOptions, terminal: Terminal): Promise<ExitCode> {
  return withOffices("replay", options, terminal, async (offices) => {
    let items = 0;
    let letters = 0;
    try {
      for (const { office, letter } of chosenFrom(offices, chosenIds(ids, options))) {
        if (!(await office.stored.replay(letter.hash))) continue;
        items += letter.items;
        letters++;
      }
    } finally {
      const when = options.config === undefined ? "" : "; the collector sends them when it starts";
      terminal.print(`${letters} letters with ${items} items are back in the queue${when}`);
    }
  });
}

/** `dbintel dlq drop`: gone for good. */
export function drop(ids: readonly string[], options: ChosenOptions, terminal: Terminal): Promise<ExitCode> {
  return withOffices("drop", options, terminal, async (offices) => {
    let items = 0;
    let letters = 0;
    try {
      for (const { office, letter } of chosenFrom(offices, chosenIds(ids, options))) {
        if (!(await office.stored.remove(letter.hash))) continue;
        items += letter.items;
        letters++;
      }
    } finally {
      terminal.print(`${letters} letters with ${items} items are removed`);
    }
  });
}

async function withOffices(
  command: string,
  options: DlqOptions,
  terminal: Terminal,
  run: (offices: readonly Office[]) => Promise<void>,
): Promise<ExitCode> {
  const { config: sources, admin } = options;
  if (sources !== undefined && admin !== undefined) {
    terminal.printError(`dbintel dlq ${command}: either --config or --admin, not both`);
    return exitCodes.badConfiguration;
  }
  if (sources === undefined) {
    try {
      await run(await runningOffices(new AdminClient(await accessTo(options, terminal.env)), options.exporter));
      return exitCodes.ok;
    } catch (error) {
      return failure(`dlq ${command}`, error, terminal);
    }
  }
  const config = await usableConfiguration({ ...options, config: sources }, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  try {
    await using opened = await Offices.open(config, options.exporter);
    await run(opened.offices);
    return exitCodes.ok;
  } catch (error) {
    return failure(`dlq ${command}`, error, terminal);
  }
}

function lettersOf(offices: readonly Office[]): readonly Chosen[] {
  return offices.flatMap((office) =>
    office.stored.letters.map((letter) => ({ exporter: office.exporter, letter, office })),
  );
}

function shown({ exporter, letter }: Listed): Readonly<Record<string, unknown>> {
  return letterJson(exporter, letter);
}

/** `undefined` for all letters. */
function chosenIds(ids: readonly string[], { all }: ChosenOptions): readonly string[] | undefined {
  if (all === ids.length > 0) {
    throw new DbintelError(all ? "either ids or --all, not both" : "which letters?", {
      code: "DBI_CONFIG_INVALID",
      hint: "name ids, or their beginnings, that `dbintel dlq ls` shows, or give --all",
    });
  }
  return all ? undefined : ids;
}

/** The letters of these ids. Two exporters may have the same: then it is both. */
function chosenFrom(offices: readonly Office[], ids: readonly string[] | undefined): readonly Chosen[] {
  const letters = lettersOf(offices);
  if (ids === undefined) return letters;
  const wanted = new Set<string>();
  for (const id of ids) {
    const found = new Set(letters.map(({ letter }) => letter.hash).filter((hash) => hash.startsWith(id)));
    if (found.size === 1) for (const hash of found) wanted.add(hash);
    else {
      const problem = found.size === 0 ? "there is no letter" : `${found.size} letters have ids that begin with`;
      throw new DbintelError(`${problem} ${JSON.stringify(id)}`, {
        code: "DBI_CONFIG_INVALID",
        hint: "`dbintel dlq ls` shows the ids",
      });
    }
  }
  return letters.filter(({ letter }) => wanted.has(letter.hash));
}
