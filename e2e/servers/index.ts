export { freePort } from "../harness/free-port.ts";
export { startMariadb } from "./mariadb.ts";
export { startMysql } from "./mysql.ts";
export type { MysqlServer } from "./mysql-server.ts";
export type { PostgresOptions, PostgresServer, ShutdownMode } from "./postgres.ts";
export { startPostgres } from "./postgres.ts";
export { availablePostgresVersions } from "./postgres-binaries.ts";
export { stopWithParent } from "./watchdog.ts";
