/** What `psql` or `mysql` would do with a script, as far as the scripts of this repository go. */
export interface ScriptClient {
  /** Runs one statement in the session. */
  run(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** `\connect name`: a session on another database. */
  enter?(database: string): Promise<void>;
}

/**
 * Runs a script statement by statement: comment lines are left out, `\connect` and `\gexec` of psql are understood, a
 * statement ends with a semicolon at the end of a line outside of `$$ … $$` and of `BEGIN … END` in a procedure that
 * `DELIMITER` sets off.
 */
export async function runScript(script: string, client: ScriptClient): Promise<void> {
  let delimiter = ";";
  let pending: string[] = [];
  let quoted = false;
  for (const line of script.split("\n")) {
    const isBlank = line.trim() === "" || line.trimStart().startsWith("--");
    if (pending.length === 0 && isBlank) continue;
    const connect = /^\\connect (?:"(.*)"|(\S+))$/.exec(line);
    const delimit = /^DELIMITER (\S+)$/.exec(line);
    if (connect !== null) {
      await client.enter?.((connect[1] ?? connect[2] ?? "").replaceAll('""', '"'));
    } else if (delimit !== null) {
      delimiter = delimit[1] ?? ";";
    } else if (line === "\\gexec") {
      for (const row of await client.run(pending.join("\n"))) {
        for (const statement of Object.values(row)) await client.run(String(statement));
      }
      pending = [];
    } else {
      pending.push(line);
      if ((line.split("$$").length - 1) % 2 === 1) quoted = !quoted;
      if (quoted || !line.trimEnd().endsWith(delimiter)) continue;
      await client.run(pending.join("\n").trimEnd().slice(0, -delimiter.length));
      pending = [];
    }
  }
  if (pending.length > 0) throw new Error(`the script ends within a statement: ${pending.join("\n")}`);
}
