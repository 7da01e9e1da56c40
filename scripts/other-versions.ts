// `npm run test:other-versions`: the tests of the mysql receiver, of what waits mean and of plans, once more, on the versions
// of the servers that `e2e/servers/other-versions-install.sh` brings; with arguments only the tests of those paths.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./checks/program.ts";
import { conclude } from "./testing/conclude.ts";
import { runVitest } from "./testing/run-vitest.ts";
import { nothing } from "./testing/summary.ts";

const servers = [
  { name: "MySQL 8.0", variable: "DBINTEL_TEST_MYSQL", folder: ".cache/mysql-8.0/usr" },
  { name: "MariaDB 11.8", variable: "DBINTEL_TEST_MARIADB", folder: ".cache/mariadb-11.8/usr" },
] as const;

const missing = servers.filter(({ folder }) => !existsSync(join(repository, folder)));
if (missing.length > 0) {
  const skipped = missing.map(({ name }) => ({ server: name, tests: 1 }));
  conclude({ ...nothing, skipped: skipped.length, servers: skipped });
} else {
  for (const { variable, folder } of servers) process.env[variable] = join(repository, folder);
  const given = process.argv.slice(2);
  const paths =
    given.length > 0
      ? given
      : [
          "packages/receivers/mysql/test",
          "packages/database/waits/test/mysql-waits.test.ts",
          "packages/database/plans/test/mysql-hash.test.ts",
          "packages/database/plans/test/mariadb-hash.test.ts",
        ];
  conclude(await runVitest({ name: "other-versions", args: paths }));
}
