import type { SqlDialect } from "./syntax.ts";

/**
 * The statements whose constants the lexer can find and whose rest is structure: their text is kept.
 * Any other statement is a utility statement: it may carry a secret in a place that only its own grammar knows, and
 * PostgreSQL keeps it in pg_stat_statements as it was typed.
 */
const readableEverywhere = words(
  "SELECT INSERT UPDATE DELETE VALUES TABLE WITH EXPLAIN PREPARE EXECUTE DEALLOCATE CALL BEGIN START COMMIT END " +
    "ROLLBACK SAVEPOINT RELEASE LOCK TRUNCATE ANALYZE SHOW DROP",
);
const readableByPostgresql = words(
  "MERGE DECLARE FETCH MOVE CLOSE ABORT VACUUM ANALYSE REINDEX CLUSTER REFRESH CHECKPOINT DISCARD LISTEN UNLISTEN",
);
const readableByMysql = words("REPLACE DESCRIBE DESC UNLOCK OPTIMIZE CHECK CHECKSUM REPAIR FLUSH KILL USE HANDLER");

/** The statements that a WITH clause can stand before. */
const afterWith = words("SELECT INSERT UPDATE DELETE MERGE VALUES TABLE REPLACE");

/** The words that name what a utility statement does and to what class of object; names come after them. */
const classWords = words(
  "ALTER ANALYZE ACCESS AGGREGATE ALL AND AS CAST CLASS COLLATION COLUMN COMMENT CONFIGURATION CONSTRAINT " +
    "CONVERSION COPY CREATE DATA DATABASE DEFAULT DICTIONARY DO DOMAIN EVENT EXTENSION FAMILY FOREIGN FUNCTION " +
    "GLOBAL GRANT GROUP IMPORT INDEX LABEL LANGUAGE LARGE LOAD LOCAL MAPPING MATERIALIZED METHOD NOTIFY OBJECT ON " +
    "OPERATOR OR OWNED PARSER POLICY PRIVILEGES PROCEDURAL PROCEDURE PUBLICATION REASSIGN RECURSIVE REPLACE RESET " +
    "REVOKE ROLE ROUTINE RULE SCHEMA SEARCH SECURITY SEQUENCE SERVER SESSION SET STATISTICS SUBSCRIPTION SYSTEM " +
    "TABLE TABLESPACE TEMP TEMPORARY TEMPLATE TEXT TRANSFORM TRIGGER TRUSTED TYPE UNIQUE UNLOGGED USER VIEW WRAPPER " +
    // MySQL and MariaDB only
    "BINARY CHANGE COMPONENT FULLTEXT INFILE INSTALL INSTANCE LOGS MASTER NAMES PASSWORD PERSIST PLUGIN PURGE RENAME " +
    "REPLICA REPLICATION RESOURCE SLAVE SOURCE SPATIAL STOP SYSTEM_USER TRANSACTION UNINSTALL XA",
);

/** Words after which a sign belongs to the value that follows. */
const beforeExpression = words(
  "SELECT WHERE AND OR XOR NOT ON BY HAVING LIMIT OFFSET WHEN THEN ELSE CASE BETWEEN SYMMETRIC LIKE ILIKE RLIKE REGEXP " +
    "IN RETURNING VALUES SET DISTINCT ALL AS IS FROM TO FOR INTERVAL DIV MOD ESCAPE",
);

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

/** Whether the text of a statement that begins with this word can be shown without its constants. */
export function isReadable(verb: string, dialect: SqlDialect): boolean {
  if (readableEverywhere.has(verb)) return true;
  return (dialect === "postgresql" ? readableByPostgresql : readableByMysql).has(verb);
}

/** Whether this word, outside parentheses, is the statement that a WITH clause belongs to. */
export function followsWith(word: string): boolean {
  return afterWith.has(word);
}

/** Whether this word belongs to the verb and object class of a utility statement. */
export function isClassWord(word: string): boolean {
  return classWords.has(word);
}

/** Whether an expression begins after this word, so that a sign after it is no operator between two operands. */
export function beginsExpression(word: string): boolean {
  return beforeExpression.has(word);
}
