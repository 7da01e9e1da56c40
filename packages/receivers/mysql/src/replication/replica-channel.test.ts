import { expect, it } from "vitest";
import { replicaChannel, replicaStatusSql } from "./replica-channel.ts";

const uuid = "e6ce005d-e5e5-11f1-ac01-02fc00000001";

it.each([
  ["mysql", "9.7.4-2", "SHOW REPLICA STATUS"],
  ["mysql", "8.0.22", "SHOW REPLICA STATUS"],
  ["mysql", "8.0.21-log", "SHOW SLAVE STATUS"],
  ["mysql", "5.7.44", "SHOW SLAVE STATUS"],
  ["mariadb", "10.11.19-MariaDB", "SHOW ALL SLAVES STATUS"],
] as const)("asks %s %s by %s", (product, version, sql) => {
  expect(replicaStatusSql({ product, version })).toBe(sql);
});

it("reads the names that columns had before MySQL 8.0.22", () => {
  const channel = replicaChannel({
    ...{ Channel_Name: "", Master_Host: "db", Master_Port: 3306, Slave_IO_Running: "Connecting" },
    ...{ Slave_SQL_Running: "No", Seconds_Behind_Master: null, Last_IO_Errno: 2003, Last_IO_Error: "no route" },
    ...{ Last_SQL_Errno: 0, Last_SQL_Error: "", Relay_Log_Space: 5000n, SQL_Delay: 3600 },
    ...{ Retrieved_Gtid_Set: `${uuid}:5-9`, Executed_Gtid_Set: `${uuid}:1-7` },
  });
  expect(channel).toMatchObject({
    ...{ name: undefined, source: "db:3306", secondsBehind: undefined, delay: 3600n, relayLogBytes: 5000n },
    ...{ pending: 2n, caughtUp: false },
    threads: { receiver: { state: "connecting", errorNumber: 2003 }, applier: { state: "stopped", errorNumber: 0 } },
  });
});

it("compares places in the log where there are no GTIDs", () => {
  const at = (executed: bigint) =>
    replicaChannel({
      ...{ Using_Gtid: "No", Master_Log_File: "binlog.000002", Relay_Master_Log_File: "binlog.000002" },
      ...{ Read_Master_Log_Pos: 900n, Exec_Master_Log_Pos: executed },
    });
  expect([at(900n).pending, at(900n).caughtUp, at(800n).caughtUp]).toEqual([undefined, true, false]);
});
