import RE2 from "re2";

/** What may stand between the fixed parts of a message. Whatever is not a value is from a closed list, or looks like a name. */
const holes = {
  /** Anything that users may have typed: it goes. */
  value: "[\\s\\S]*?",
  /** The name of a table, a column …: it stays where it looks like one. */
  name: "[\\s\\S]*?",
  number: "\\d{1,20}(?: ?kB| ?MB)?",
  command: "[A-Z]{3,12}(?: [A-Z]{2,12}){0,3}",
  encoding: "[A-Z][A-Z0-9_]{1,15}",
  type:
    "smallint|integer|bigint|real|double precision|numeric|money|boolean|date|time|timestamp|interval|uuid|jsonb?|inet|cidr|" +
    "macaddr|bytea|bit|xml|oid|point|tsquery|tsvector|name|text|time(?:stamp)? with(?:out)? time zone|character varying",
  object:
    "table|foreign table|relation|column|index|view|materialized view|sequence|schema|function|procedure|routine|aggregate|" +
    "type|language|large object|tablespace|foreign server|foreign-data wrapper|publication|subscription",
  cause:
    "statement timeout|lock timeout|transaction timeout|user request|conflict with recovery|administrator command|" +
    "idle-in-transaction timeout|idle-session timeout|unexpected postmaster exit",
  change: "update|delete",
  method: "password|Peer|Ident|LDAP|PAM|BSD|GSSAPI|RADIUS|certificate|SSPI|OAuth bearer",
  state: "starting up|shutting down|in recovery mode|not accepting connections",
} as const;
type Hole = keyof typeof holes;

/** What the server says about errors, by PostgreSQL's message catalogue. */
const templates = [
  'duplicate key value violates unique constraint "{name}"',
  'insert or update on table "{name}" violates foreign key constraint "{name}"',
  'update or delete on table "{name}" violates foreign key constraint "{name}" on table "{name}"',
  'update or delete on table "{name}" violates RESTRICT setting of foreign key constraint "{name}" on table "{name}"',
  'new row for relation "{name}" violates check constraint "{name}"',
  'null value in column "{name}" of relation "{name}" violates not-null constraint',
  'conflicting key value violates exclusion constraint "{name}"',
  'new row violates row-level security policy for table "{name}"',
  'no partition of relation "{name}" found for row',
  'relation "{name}" does not exist',
  'relation "{name}" already exists',
  'column "{name}" does not exist',
  "column {name} does not exist",
  'column "{name}" of relation "{name}" does not exist',
  'column reference "{name}" is ambiguous',
  'column "{name}" must appear in the GROUP BY clause or be used in an aggregate function',
  'missing FROM-clause entry for table "{name}"',
  'invalid reference to FROM-clause entry for table "{name}"',
  'table name "{name}" specified more than once',
  'schema "{name}" does not exist',
  'type "{name}" does not exist',
  "function {value} does not exist",
  "function {value} is not unique",
  "operator does not exist: {value}",
  "operator is not unique: {value}",
  'syntax error at or near "{value}"',
  "syntax error at end of input",
  'unterminated quoted string at or near "{value}"',
  'trailing junk after numeric literal at or near "{value}"',
  "there is no parameter {value}",
  'invalid input syntax for type {type}: "{value}"',
  "invalid input syntax for type {type}",
  'invalid input value for enum {name}: "{value}"',
  'date/time field value out of range: "{value}"',
  "value too long for type {value}",
  'value "{value}" is out of range for type {type}',
  "{type} out of range",
  "numeric field overflow",
  "division by zero",
  "malformed array literal: {value}",
  'invalid byte sequence for encoding "{encoding}": {value}',
  "more than one row returned by a subquery used as an expression",
  "there is no unique or exclusion constraint matching the ON CONFLICT specification",
  "ON CONFLICT DO UPDATE command cannot affect row a second time",
  "INSERT has more expressions than target columns",
  "INSERT has more target columns than expressions",
  "permission denied for {object} {name}",
  "must be owner of {object} {name}",
  "cannot execute {command} in a read-only transaction",
  "cannot execute {command} during recovery",
  "current transaction is aborted, commands ignored until end of transaction block",
  "deadlock detected",
  "could not serialize access due to concurrent {change}",
  "could not serialize access due to read/write dependencies among transactions",
  'could not obtain lock on row in relation "{name}"',
  'could not obtain lock on relation "{name}"',
  "canceling statement due to {cause}",
  "canceling autovacuum task",
  "terminating connection due to {cause}",
  "terminating connection because of crash of another server process",
  "terminating autovacuum process due to administrator command",
  "out of memory",
  "out of shared memory",
  "stack depth limit exceeded",
  'temporary file size exceeds "temp_file_limit" ({number})',
  'could not resize shared memory segment "{value}" to {number} bytes: No space left on device',
  'could not extend file "{value}": No space left on device',
  "sorry, too many clients already",
  "remaining connection slots are reserved for {value}",
  'too many connections for role "{value}"',
  'too many connections for database "{value}"',
  '{method} authentication failed for user "{value}"',
  "no pg_hba.conf entry for {value}",
  "pg_hba.conf rejects connection for {value}",
  'role "{value}" does not exist',
  'role "{value}" is not permitted to log in',
  'database "{value}" does not exist',
  'database "{value}" is not currently accepting connections',
  'permission denied for database "{value}"',
  "the database system is {state}",
  "connection to client lost",
  "unexpected EOF on client connection with an open transaction",
  "could not receive data from client: {value}",
  "could not send data to client: {value}",
  "could not accept SSL connection: {value}",
  'prepared statement "{value}" does not exist',
  'prepared statement "{value}" already exists',
  "cached plan must not change result type",
  'unrecognized configuration parameter "{value}"',
  'invalid value for parameter "{name}": "{value}"',
  "server process (PID {number}) was terminated by signal {number}: {value}",
  "server process (PID {number}) exited with exit code {number}",
  "requested WAL segment {value} has already been removed",
] as const;

/** What a name may look like; a text in double quotes where a value was meant may be anything. */
const likeName = /^[A-Za-z_][\w$]{0,62}(?:\.[A-Za-z_][\w$]{0,62}){0,2}$/;

interface Template {
  readonly pattern: RE2;
  readonly parts: readonly string[];
  /** What stands between the parts. */
  readonly holes: readonly Hole[];
}

const longestMessage = 2000;

/** Says what a message is about without anything that a user typed. */
export class MessageTemplates {
  readonly #templates: readonly Template[] = templates.map(compiled);

  /** The message with `?` for each value; `undefined` for one that is not known: it may be any text of a user. */
  of(message: string): string | undefined {
    const text = message.slice(0, longestMessage);
    for (const { pattern, parts, holes: between } of this.#templates) {
      const found = pattern.exec(text);
      if (found === null) continue;
      return parts.map((part, index) => part + shown(between[index], found[index + 1] ?? "")).join("");
    }
    return undefined;
  }
}

function compiled(template: string): Template {
  const pieces = template.split(/\{(\w+)\}/);
  const parts = pieces.filter((_, index) => index % 2 === 0);
  const between = pieces.filter((_, index) => index % 2 === 1).filter(isHole);
  const pattern = pieces
    .map((piece) => (isHole(piece) ? `(${holes[piece]})` : piece.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")))
    .join("");
  return { pattern: new RE2(`^${pattern}$`), parts, holes: between };
}

function isHole(text: string): text is Hole {
  return Object.hasOwn(holes, text);
}

function shown(hole: Hole | undefined, text: string): string {
  if (hole === undefined) return "";
  return hole === "value" || (hole === "name" && !likeName.test(text)) ? "?" : text;
}
