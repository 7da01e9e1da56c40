import { redactSql, type SqlSyntax } from "@dbintel/sql";
import { bounded, printable } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";
import type { Session, StatementEvent } from "./session.ts";

/** What may be shown of a statement. */
export interface ShownText {
  readonly text: string;
  /** Whether the server has cut off what was typed. */
  readonly truncated: boolean;
}

const longestTextBytes = 10_000;
/** What the process list keeps of a statement; there nothing marks that it was cut off. */
const longestInfo = 1024;
const cutMark = "...";

/** The statement that a session executes, as it was typed: never to be shown or kept. */
export function typedText({ info, statement }: Pick<Session, "info" | "statement">): string | undefined {
  return statement?.sql ?? info;
}

/**
 * The statement without its constants. Where a backslash leaves open what belongs to a constant, because the session may
 * or may not have NO_BACKSLASH_ESCAPES, what the server itself made of the text is shown, or nothing.
 */
export function shownText(
  session: Pick<Session, "info"> & { readonly statement: Pick<StatementEvent, "sql" | "digestText"> | undefined },
  product: Product,
): ShownText | undefined {
  const { info, statement } = session;
  const typed = statement?.sql ?? info;
  if (typed === undefined) return undefined;
  const truncated =
    statement?.sql === undefined ? Buffer.byteLength(typed) >= longestInfo - cutMark.length : typed.endsWith(cutMark);
  const text = safe(typed, product) ?? safe(statement?.digestText ?? "", product) ?? "";
  return text === "" ? undefined : { text: printable(bounded(text, longestTextBytes)), truncated };
}

/** `undefined` when the text reads otherwise in the other mode. */
function safe(text: string, dialect: SqlSyntax["dialect"]): string | undefined {
  const redacted = redactSql(text, { dialect }).text;
  if (!text.includes("\\")) return redacted;
  return redactSql(text, { dialect, noBackslashEscapes: true }).text === redacted ? redacted : undefined;
}
