/**
 * Every error code of the collector with the sentence that the documentation gives for it.
 *
 * A code never changes its meaning. `packages/core/errors/README.md` lists the same codes; a test compares
 * both lists in both directions.
 */
export const errorCodes = {
  DBI_INTERNAL: "A defect in the collector: something that its own code rules out has happened.",
  DBI_ABORTED: "The operation was cancelled by its caller or by shutdown.",
  DBI_TIMEOUT: "The operation passed its deadline.",
  DBI_ARGUMENT: "A function was called with a value that its types rule out.",

  DBI_PDATA_TRUNCATED: "The bytes end in the middle of a field.",
  DBI_PDATA_OVERLONG: "A varint is longer than ten bytes, or a length passes the end of the message that holds it.",
  DBI_PDATA_WIRE_TYPE: "A field carries a wire type that its schema does not allow.",
  DBI_PDATA_DEPTH: "Values are nested deeper than the limit.",
  DBI_PDATA_JSON: "The text is not OTLP/JSON.",
  DBI_PDATA_VALUE:
    "A value given to the lens or to a builder does not fit the field, or what is to be decoded is no bytes, or compressed.",

  DBI_CONFIG_INVALID: "The configuration has errors; each is listed with its position.",

  DBI_COMPONENT_START: "A component could not be started.",
  DBI_COMPONENT_STOP: "A component did not stop within its deadline.",
  DBI_LISTEN: "A listener could not bind to its address.",
  DBI_STORAGE: "State could not be read from or written to disk.",

  DBI_REFUSED: "Back-pressure: the component cannot take more data now.",
  DBI_QUEUE_FULL: "The sending queue is full.",
  DBI_MEMORY_LIMIT: "Data is refused while the process is short of memory.",
  DBI_SHUTTING_DOWN: "Data is refused because the component is stopping.",
  DBI_PARTIAL: "Part of the data was rejected for good; the rest was taken.",
  DBI_REJECTED: "The destination rejected the data for good.",
  DBI_UNAVAILABLE: "The destination cannot be reached or is overloaded; trying again later can help.",
  DBI_TOO_LARGE: "One request is larger than the limit.",

  DBI_DATABASE_UNREACHABLE: "No connection to the database could be made.",
  DBI_DATABASE_AUTHENTICATION: "The database refused the user or the password.",
  DBI_DATABASE_PERMISSION: "The user lacks a grant that a query needs.",
  DBI_DATABASE_POOLER: "A connection pooler stands before the database, and the server itself is needed.",
  DBI_DATABASE_EXTENSION: "An extension that a query needs is missing, not preloaded or outdated.",
  DBI_DATABASE_VERSION: "The server is older than the oldest supported version.",
  DBI_DATABASE_QUERY: "A query of the collector failed.",

  DBI_ADMIN: "The admin endpoint of a collector could not be asked, or refused to answer.",
  DBI_NEW_RELIC_API: "A question to New Relic's API failed.",

  DBI_CONDITION_SYNTAX: "A condition does not parse or does not type-check.",
  DBI_FILE: "A file could not be written or read.",
} as const;

/** One of the codes in {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;
