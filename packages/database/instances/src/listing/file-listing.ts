import { DbintelError } from "@dbintel/errors";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { readBounded } from "../bounded-file.ts";
import { type InstanceEntry, type ListedInstance, type Listing, signatureOf } from "./listing.ts";

const largestFile = 1024 * 1024;
/** How often an alias of YAML may be resolved: a small file could grow without bound. */
const mostAliases = 100;

/** A list in a YAML or JSON file, in which each entry is what `schema` takes. What it does not take is never quoted. */
export function fileListing<Entry extends InstanceEntry>(options: {
  readonly path: string;
  readonly intervalMs: number;
  readonly schema: z.ZodType<Entry>;
}): Listing<Entry> {
  const { path, intervalMs, schema } = options;
  return {
    intervalMs,
    async list() {
      const bytes = await readBounded(path, { limit: largestFile, setting: "instances_file" });
      const entries = parsed(path, bytes.toString("utf8"));
      const byEndpoint = new Map<string, ListedInstance<Entry>>();
      for (const [index, written] of entries.entries()) {
        const result = schema.safeParse(written);
        if (!result.success) {
          const [{ path: place, message }] = result.error.issues as [z.core.$ZodIssue];
          throw broken(path, `entry ${index + 1}${place.length === 0 ? "" : `, ${place.join(".")}`}: ${message}`);
        }
        const { endpoint } = result.data;
        if (byEndpoint.has(endpoint)) throw broken(path, `entry ${index + 1}: ${endpoint} is listed twice`);
        byEndpoint.set(endpoint, { entry: result.data, signature: signatureOf(written) });
      }
      return [...byEndpoint.values()];
    },
  };
}

function parsed(path: string, text: string): readonly unknown[] {
  const lineCounter = new LineCounter();
  // Its own messages quote the lines, and with them passwords.
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw broken(path, `line ${line}, column ${col}: ${error.code.toLowerCase().replaceAll("_", " ")}`);
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    throw broken(path, "an alias that nothing stands for, or too many of them");
  }
  // A file that is being written is empty for a moment.
  if (!Array.isArray(content)) throw broken(path, "it is no list");
  return content;
}

function broken(path: string, what: string): DbintelError {
  return new DbintelError(`${path} cannot be used: ${what}`, {
    code: "DBI_CONFIG_INVALID",
    hint: "the servers of the last good version are still watched; the README of the receiver describes an entry",
    retryable: true,
  });
}
