import { describe } from "vitest";
import { findMariadb } from "./mariadb.ts";
import { findMysql, mysqlUrl } from "./mysql.ts";
import { findPgbouncer } from "./pgbouncer.ts";
import { availablePostgresVersions, hasExtension } from "./postgres-binaries.ts";
import { findSysbench } from "./sysbench.ts";

const available = new Set(availablePostgresVersions());

/**
 * A suite that needs a PostgreSQL of this major. Where the machine has none it is skipped, and the summary of
 * `npm test` names the server, which it reads from the suite's name.
 */
export function describePostgres(major: number, name: string, suite: () => void): void {
  describe.skipIf(!available.has(major))(`${name} [PostgreSQL ${major}]`, suite);
}

/** The same for a PostgreSQL of this major with an extension that does not come with it. */
export function describeExtension(major: number, extension: string, name: string, suite: () => void): void {
  describe.skipIf(!hasExtension(major, extension))(`${name} [PostgreSQL ${major} with ${extension}]`, suite);
}

/** The same for MariaDB. */
export function describeMariadb(name: string, suite: () => void): void {
  describe.skipIf(findMariadb() === undefined)(`${name} [MariaDB]`, suite);
}

/** The same for PgBouncer. */
export function describePgbouncer(name: string, suite: () => void): void {
  describe.skipIf(findPgbouncer() === undefined)(`${name} [PgBouncer]`, suite);
}

/** The same for MySQL: an installation, or a server that runs already. */
export function describeMysql(name: string, suite: () => void): void {
  describe.skipIf(findMysql() === undefined && mysqlUrl() === undefined)(`${name} [MySQL]`, suite);
}

/** The same for tests that restart their MySQL, change its settings or clear its statistics. */
export function describeOwnMysql(name: string, suite: () => void): void {
  describe.skipIf(findMysql() === undefined)(`${name} [MySQL]`, suite);
}

/** The same for each of the two databases with sysbench, which is its load. */
export function describeSysbench(database: "MySQL" | "MariaDB", name: string, suite: () => void): void {
  const installation = database === "MySQL" ? findMysql() : findMariadb();
  const lacks = installation === undefined || findSysbench() === undefined;
  describe.skipIf(lacks)(`${name} [${database} with sysbench]`, suite);
}
