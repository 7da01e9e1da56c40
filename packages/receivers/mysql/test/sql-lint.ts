import { Lexer } from "@dbintel/sql";

/**
 * Whether AND and OR stand beside each other without brackets: what `A AND b OR c` means is seldom what was meant. The
 * AND of `BETWEEN x AND y` is none.
 */
export function mixesAndWithOr(sql: string): boolean {
  const lexer = new Lexer(sql, { dialect: "mysql" });
  const open = [new Set<string>()];
  let between = 0;
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    const level = open.at(-1);
    if (token.text === "(") open.push(new Set());
    else if (token.text === ")") open.pop();
    else if (token.word === "BETWEEN") between++;
    // Each of these has conditions of its own.
    else if (["SELECT", "WHERE", "ON", "UNION", "WHEN", "THEN", "ORDER"].includes(token.word)) level?.clear();
    else if (token.word === "AND" && between > 0) between--;
    else if (token.word === "AND" || token.word === "OR") level?.add(token.word);
    if (level?.size === 2) return true;
  }
  return false;
}
