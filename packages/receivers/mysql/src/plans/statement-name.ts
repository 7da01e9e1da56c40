/** What tells one statement of the summary from the next. */
export interface StatementName {
  readonly schema: string | null;
  readonly digest: string;
}

/** As a key of maps: a schema's name may hold any character but none with the code 0. */
export function statementName({ schema, digest }: StatementName): string {
  return `${digest}\0${schema ?? "\0"}`;
}
