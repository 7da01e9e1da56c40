/**
 * The statements whose constants the lexer can find and whose rest is structure: their text is kept.
 * Any other statement is a utility statement: it may carry a secret in a place that only its own grammar knows, and
 * PostgreSQL keeps it in pg_stat_statements as it was typed.
 */
const readable = new Set(
  (
    "SELECT INSERT UPDATE DELETE MERGE VALUES TABLE WITH EXPLAIN PREPARE EXECUTE DEALLOCATE DECLARE FETCH MOVE CLOSE " +
    "CALL BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE LOCK TRUNCATE VACUUM ANALYZE ANALYSE REINDEX " +
    "CLUSTER REFRESH CHECKPOINT DISCARD LISTEN UNLISTEN SHOW DROP"
  ).split(" "),
);

/** The statements that a WITH clause can stand before. */
const afterWith = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"]);

/** The words that name what a utility statement does and to what class of object; names come after them. */
const classWords = new Set(
  (
    "ALTER ANALYZE ACCESS AGGREGATE ALL AND AS CAST CLASS COLLATION COLUMN COMMENT CONFIGURATION CONSTRAINT " +
    "CONVERSION COPY CREATE DATA DATABASE DEFAULT DICTIONARY DO DOMAIN EVENT EXTENSION FAMILY FOREIGN FUNCTION " +
    "GLOBAL GRANT GROUP IMPORT INDEX LABEL LANGUAGE LARGE LOAD LOCAL MAPPING MATERIALIZED METHOD NOTIFY OBJECT ON " +
    "OPERATOR OR OWNED PARSER POLICY PRIVILEGES PROCEDURAL PROCEDURE PUBLICATION REASSIGN RECURSIVE REPLACE RESET " +
    "REVOKE ROLE ROUTINE RULE SCHEMA SEARCH SECURITY SEQUENCE SERVER SESSION SET STATISTICS SUBSCRIPTION SYSTEM " +
    "TABLE TABLESPACE TEMP TEMPORARY TEMPLATE TEXT TRANSFORM TRIGGER TRUSTED TYPE UNIQUE UNLOGGED USER VIEW WRAPPER"
  ).split(" "),
);

/** Whether the text of a statement that begins with this word can be shown without its constants. */
export function isReadable(verb: string): boolean {
  return readable.has(verb);
}

/** Whether this word, outside parentheses, is the statement that a WITH clause belongs to. */
export function followsWith(word: string): boolean {
  return afterWith.has(word);
}

/** Whether this word belongs to the verb and object class of a utility statement. */
export function isClassWord(word: string): boolean {
  return classWords.has(word);
}
