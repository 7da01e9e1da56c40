import { eventually } from "@dbintel/e2e/condition";
import type { MysqlServer } from "@dbintel/e2e/servers";
import type { Connection, RowDataPacket } from "mysql2/promise";

/** The server, and a session of which something is awaited. */
type Awaited = readonly [server: Pick<MysqlServer, "query">, session: Pick<Connection, "threadId">];

/** Waits until a session executes `SLEEP`: what it was sent has been read by then. */
export async function sleeps(...awaited: Awaited): Promise<void> {
  await isIn("User sleep", awaited);
}

/** Waits until a session waits for a lock on the definition of a table. */
export async function waitsForTable(...awaited: Awaited): Promise<void> {
  await isIn("Waiting for table metadata lock", awaited);
}

async function isIn(state: string, [server, { threadId }]: Awaited): Promise<void> {
  const sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE = ?";
  const isSeen = async () => ((await server.query(sql, [threadId, state])).length > 0 ? true : undefined);
  await eventually(`session ${threadId} is in the state "${state}"`, isSeen);
}

/** Waits until a session waits for a row. */
export async function waitsForRow(...[server, { threadId }]: Awaited): Promise<void> {
  const sql = `SELECT trx_id FROM information_schema.INNODB_TRX
                WHERE trx_mysql_thread_id = ? AND trx_state = 'LOCK WAIT'`;
  const isSeen = async () => ((await server.query(sql, [threadId])).length > 0 ? true : undefined);
  // InnoDB lists its transactions anew only when nobody has looked for a tenth of a second.
  await eventually(`session ${threadId} waits for a row`, isSeen, { everyMs: 250 });
}

/** Waits until a session is the only one: the server frees what another had, and its place, after its client has gone. */
export async function isAlone(session: Pick<Connection, "query">): Promise<void> {
  const others = `SELECT THREAD_ID FROM performance_schema.threads
                   WHERE TYPE = 'FOREGROUND' AND PROCESSLIST_ID <> CONNECTION_ID() AND PROCESSLIST_COMMAND <> 'Daemon'`;
  await eventually("all other sessions have left the server", async () => {
    const [seen] = await session.query<RowDataPacket[]>(others);
    const [[places]] = await session.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
    return seen.length === 0 && Number(places?.Value) === 1 ? true : undefined;
  });
}

/** Waits until all sessions have left a server. */
export async function isLeft(server: Pick<MysqlServer, "connect">): Promise<void> {
  const session = await server.connect();
  await isAlone(session);
  await session.end();
}
