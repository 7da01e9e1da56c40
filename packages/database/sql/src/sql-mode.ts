import { z } from "zod";

/** The settings of what `sql_mode` of MySQL and MariaDB changes in the reading of a statement, to be spread into a schema. */
export const sqlModeSettings = {
  ansi_quotes: z
    .boolean()
    .default(false)
    .describe("MySQL and MariaDB run with ANSI_QUOTES in sql_mode: what is between double quotes is a name"),
  no_backslash_escapes: z
    .boolean()
    .default(false)
    .describe("MySQL and MariaDB run with NO_BACKSLASH_ESCAPES in sql_mode"),
};

export type SqlMode = Readonly<Record<keyof typeof sqlModeSettings, boolean>>;
