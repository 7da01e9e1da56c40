import { findMariadb, findMysql, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { type BillingLogins, billingServerSettings, createBilling } from "./billing.ts";

/** A MySQL or MariaDB server with the schema of the example. */
export interface BillingServer extends AsyncDisposable {
  /** Product and version. */
  readonly name: string;
  readonly server: MysqlServer;
  readonly logins: BillingLogins;
}

/** Starts what the machine has; `undefined` when it has neither or that does not start, which is said. */
export async function startBilling(args: {
  /** Whether it is MariaDB where the machine has both. */
  readonly mariadb: boolean;
  readonly print: (text: string) => void;
}): Promise<BillingServer | undefined> {
  const { mariadb, print } = args;
  const found = { MySQL: findMysql() !== undefined, MariaDB: findMariadb() !== undefined } as const;
  const product = found.MariaDB && (mariadb || !found.MySQL) ? "MariaDB" : found.MySQL ? "MySQL" : undefined;
  if (product === undefined) return undefined;
  let server: MysqlServer | undefined;
  try {
    server =
      product === "MySQL"
        ? await startMysql({ own: true, settings: billingServerSettings })
        : await startMariadb(billingServerSettings);
    const logins = await createBilling(server, product);
    const { version, stop } = { version: server.version, stop: server.stop.bind(server) };
    return { name: `${product} ${version.split("-")[0]}`, server, logins, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await server?.stop();
    const [reason] = String(error instanceof Error ? error.message : error)
      .split("\n")
      .slice(-1);
    print(`${product} is on this machine and is left out, as it does not start: ${reason}`);
    return undefined;
  }
}
