/** What a database's driver throws: `code` is a SQLSTATE, or the name of an error of MySQL and MariaDB. */
export interface DriverError {
  readonly code: string;
  readonly message: string;
}

/**
 * What a server says of an error, without the values that its words repeat: an invalid input, a duplicate key, the part
 * of a statement that it cannot parse are what somebody typed or a row holds. Names of tables, columns and functions
 * stay, they are what one has to know.
 */
export function driverMessage({ code, message }: DriverError): string {
  if (ownWords.test(code)) return "a function or procedure raised an error, whose words may hold data";
  return repeatsValues(code) ? message.replace(quoted, "$1$3…$2") : message;
}

/** P0 of PL/pgSQL, 38 and 39 of external routines, 45 of SIGNAL: the words are those of who wrote the function. */
const ownWords = /^(?:P0|38|39|45)[0-9A-Z]{3}$|^ER_SIGNAL_(?:EXCEPTION|NOT_FOUND|WARN)$/;

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation), and 42601 (syntax error). */
const aboutValues = /^(?:2[23][0-9A-Z]{3}|42601)$/;

/** A name that the driver does not know is one of the many errors of newer servers. */
function repeatsValues(code: string): boolean {
  return aboutValues.test(code) || (/^(?:ER_|WARN_|UNKNOWN_)/.test(code) && !aboutNames.has(code));
}

/** Errors of MySQL and MariaDB that put only names of what there is, or is not, between quotes. */
const aboutNames: ReadonlySet<string> = new Set([
  ...["ER_ACCESS_DENIED_ERROR", "ER_ACCESS_DENIED_NO_PASSWORD_ERROR", "ER_DBACCESS_DENIED_ERROR"],
  ...["ER_TABLEACCESS_DENIED_ERROR", "ER_COLUMNACCESS_DENIED_ERROR", "ER_SPECIFIC_ACCESS_DENIED_ERROR"],
  ...["ER_PROCACCESS_DENIED_ERROR", "ER_HOST_NOT_PRIVILEGED", "ER_BAD_DB_ERROR", "ER_BAD_TABLE_ERROR"],
  ...["ER_NO_SUCH_TABLE", "ER_UNKNOWN_TABLE", "ER_BAD_FIELD_ERROR", "ER_NON_UNIQ_ERROR", "ER_SP_DOES_NOT_EXIST"],
  ...["ER_VIEW_INVALID", "ER_UNKNOWN_SYSTEM_VARIABLE", "ER_USER_LIMIT_REACHED", "ER_OPTION_PREVENTS_STATEMENT"],
]);

/** Quotes of the languages that servers speak. */
const quote = "[\"'`«»„“”‘’‚‹›「」]";
/** From the first quote to the last, since what is between may hold quotes itself; to the end where there is only one. */
const quoted = new RegExp(`(${quote}).*(${quote})|(${quote}).*$`, "s");
