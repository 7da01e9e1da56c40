import { nonZero } from "./json-log.ts";
import type { LinePrefix, PrefixedLine, PrefixFields } from "./line-prefix.ts";
import { eachLine, type LogEntry, type LogPiece, type LogReader, timeOf } from "./log-entry.ts";

/** The server begins each further line of a message with a tab. */
const tab = 0x09;
const severities = /^(?:DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC)$/;

/** Where in the statement the error is, which other formats tell apart from the message. */
const position = / at character \d+$/;

/** A message that is being put together. */
interface Message {
  readonly start: number;
  readonly fields: PrefixFields;
  readonly severity: string;
  readonly sections: Map<string, string>;
  /** The section that the next line with a tab belongs to. */
  open: string;
}

/**
 * Reads a log that is meant for people: lines with the prefix of `log_line_prefix`, further lines of a message with a tab
 * before them, and the parts of a message each with a prefix of its own. A message ends where another begins.
 */
export class StderrLog implements LogReader {
  readonly #prefix: LinePrefix;
  readonly #zoneSeconds: number;

  constructor(options: { readonly prefix: LinePrefix; readonly zoneSeconds: number }) {
    this.#prefix = options.prefix;
    this.#zoneSeconds = options.zoneSeconds;
  }

  read(bytes: Buffer, { final, seeking }: { readonly final: boolean; readonly seeking: boolean }): LogPiece {
    const entries: LogEntry[] = [];
    let skipped = 0;
    let message: Message | undefined;
    const close = () => {
      if (message !== undefined) entries.push(this.#entry(message));
      message = undefined;
    };
    const rest = eachLine(bytes, (start, end) => {
      if (bytes[start] === tab) {
        if (message === undefined) skipped += end + 1 - start;
        else append(message, message.open, `\n${bytes.toString("utf8", start + 1, end)}`);
        return;
      }
      const line = this.#prefix.line(bytes.toString("utf8", start, end));
      if (line !== undefined && severities.test(line.label)) {
        close();
        message = messageOf(line, start);
      } else if (line !== undefined && message !== undefined && line.fields.pid === message.fields.pid) {
        message.open = line.label;
        append(message, line.label, line.text);
      } else {
        // Of another program, or a part of a message whose begin is lost.
        close();
        skipped += end + 1 - start;
      }
    });
    const nothing = entries.length === 0 && message === undefined;
    if (final) close();
    // The last message may go on in what was not read yet.
    const consumed = message?.start ?? rest;
    return { entries, consumed, seeking: seeking && nothing, skipped };
  }

  #entry({ fields, severity, sections }: Message): LogEntry {
    return {
      timeMicros: this.#timeOf(fields),
      pid: fields.pid === undefined ? undefined : Number(fields.pid),
      sessionId: fields.session,
      database: known(fields.database),
      user: known(fields.user),
      severity,
      sqlState: fields.state,
      message: (sections.get(severity) ?? "").replace(position, ""),
      detail: sections.get("DETAIL"),
      context: sections.get("CONTEXT"),
      statement: sections.get("STATEMENT"),
      queryId: nonZero(fields.query),
    };
  }

  #timeOf({ time, epoch }: PrefixFields): bigint | undefined {
    if (time !== undefined) return timeOf(time, this.#zoneSeconds);
    return epoch === undefined ? undefined : BigInt(Math.round(Number(epoch) * 1e6));
  }
}

function messageOf({ fields, label, text }: PrefixedLine, start: number): Message {
  return { start, fields, severity: label, sections: new Map([[label, text]]), open: label };
}

function append({ sections }: Message, section: string, text: string): void {
  sections.set(section, (sections.get(section) ?? "") + text);
}

/** Before a session is known the server writes `[unknown]`. */
function known(name: string | undefined): string | undefined {
  return name === "" || name === "[unknown]" ? undefined : name;
}
