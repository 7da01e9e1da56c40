import { redactSql } from "@dbintel/sql";
import type { NoPlanReason } from "@dbintel/watching";
import { planned } from "../statements/statement-texts.ts";
import { longestText } from "../statements/stored-texts.ts";

/**
 * Why a stored text is not given to the server to be planned; `undefined` when it is.
 *
 * A text with a semicolon anywhere but at its end is never sent, whatever the semicolon is part of: so no reading of
 * the text, neither ours nor the server's, can find a second statement in it.
 */
export function whyNotExplainable(text: string): NoPlanReason | undefined {
  if (text.length >= longestText) return "cut_off";
  const semicolon = text.indexOf(";");
  if (semicolon >= 0 && text.slice(semicolon).replaceAll(";", "").trim() !== "") return "not_explainable";
  const { kind, utility } = redactSql(text, "postgresql");
  return utility || !planned.has(kind) ? "not_explainable" : undefined;
}
