import { dropReasons } from "@dbintel/delivery";
import { DbintelError } from "@dbintel/errors";
import { decodeJson, signals } from "@dbintel/pdata";
import { z } from "zod";
import type { AdminClient } from "../admin/admin-client.ts";
import type { Letters, Office } from "./offices.ts";

const path = "/api/v1/dead-letters";
const never = new AbortController().signal;

/** A letter as the admin endpoint shows it. */
const letter = z
  .object({
    content_sha256: z.string().length(64),
    exporter: z.string(),
    signal: z.enum(signals),
    items: z.int(),
    reason: z.enum(dropReasons),
    error_code: z.string(),
    http_status: z.int().optional(),
    message: z.string(),
    tries: z.int(),
    trimmed: z.boolean(),
    seen: z.int(),
    first_seen: z.iso.datetime(),
    last_seen: z.iso.datetime(),
  })
  .transform(({ exporter, signal, items, reason, message, trimmed, ...shown }) => ({
    exporter,
    letter: {
      ...{ signal, items, reason, message, trimmed, hash: shown.content_sha256 },
      ...{ code: shown.error_code, httpStatus: shown.http_status, attempts: shown.tries, count: shown.seen },
      ...{ firstUnixMs: Date.parse(shown.first_seen), lastUnixMs: Date.parse(shown.last_seen) },
    },
  }));
const listing = z.object({ exporters: z.array(z.string()), letters: z.array(letter) });
const content = z.object({ telemetry: z.record(z.string(), z.unknown()) });

/** The dead letters of a collector that runs, as its admin endpoint tells of them. */
export async function runningOffices(client: AdminClient, only: string | undefined): Promise<readonly Office[]> {
  const { exporters, letters } = await client.json(path, listing, { signal: never });
  const offices = exporters
    .filter((exporter) => only === undefined || exporter === only)
    .map((exporter): Office => {
      const own = letters.filter((each) => each.exporter === exporter).map((each) => each.letter);
      return { exporter, stored: lettersOf(client, exporter, own) };
    });
  if (offices.length > 0) return offices;
  const who = only === undefined ? "no exporter" : `no exporter "${only}"`;
  throw new DbintelError(`${who} of the collector at ${client.label} keeps dead letters`, { code: "DBI_ADMIN" });
}

function lettersOf(client: AdminClient, exporter: string, letters: Letters["letters"]): Letters {
  const change = (action: string, hash: string) =>
    client.post(path, { action, exporter, content_sha256: hash }, { signal: never });
  return {
    letters,
    open: async (hash) => {
      const query = new URLSearchParams({ exporter, content_sha256: hash }).toString();
      const { telemetry } = await client.json(`${path}?${query}`, content, { signal: never });
      const signal = letters.find((each) => each.hash === hash)?.signal;
      return signal && { batch: decodeJson(signal, JSON.stringify(telemetry)) };
    },
    replay: (hash) => change("replay", hash),
    remove: (hash) => change("drop", hash),
  };
}
