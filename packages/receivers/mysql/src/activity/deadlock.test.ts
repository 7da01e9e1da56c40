import { describe, expect, it } from "vitest";
import { deadlockIn } from "./deadlock.ts";

/** The report of MySQL 9.7, shortened. */
function mysqlReport(statement = "UPDATE d SET v='secret-value' WHERE v='two'"): string {
  return `
=====================================
2026-11-21 16:51:53 140717809206976 INNODB MONITOR OUTPUT
=====================================
------------------------
LATEST DETECTED DEADLOCK
------------------------
2026-11-21 16:50:23 140717904697024
*** (1) TRANSACTION:
TRANSACTION 1606, ACTIVE 1 sec starting index read
mysql tables in use 1, locked 1
LOCK WAIT 3 lock struct(s), heap size 1128, 2 row lock(s), undo log entries 1
MySQL thread id 19, OS thread handle 140717809206976, query id 97 localhost 127.0.0.1 root Searching rows for update
${statement}

*** (1) HOLDS THE LOCK(S):
RECORD LOCKS space id 5 page no 4 n bits 72 index PRIMARY of table \`app\`.\`d\` trx id 1606 lock_mode X locks rec but not gap
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 4; hex 80000001; asc     ;;
 3: len 7; hex 73656372657441; asc secretA;;

*** (1) WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 5 page no 5 n bits 72 index by_v of table \`app\`.\`d\` trx id 1606 lock_mode X waiting
Record lock, heap no 3 PHYSICAL RECORD: n_fields 2; compact format; info bits 32
 0: len 3; hex 74776f; asc two;;

*** (2) TRANSACTION:
TRANSACTION 1607, ACTIVE 4 sec inserting
mysql tables in use 1, locked 1
MySQL thread id 20, OS thread handle 140717811320512, query id 98 localhost 127.0.0.1 root updating
DELETE FROM d /* x */
 WHERE id=1

*** (2) HOLDS THE LOCK(S):
TABLE LOCK table \`app\`.\`d\` trx id 1607 lock mode IX

*** (2) WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 5 page no 4 n bits 72 index PRIMARY of table \`app\`.\`d\` /* Partition \`p0\` */ trx id 1607 lock_mode X locks gap before rec insert intention waiting

*** WE ROLL BACK TRANSACTION (1)
------------
TRANSACTIONS
------------
Trx id counter 1610
`;
}

describe("the latest deadlock of InnoDB's report", () => {
  it("is read without the bytes of rows", () => {
    const deadlock = deadlockIn(mysqlReport());
    expect(deadlock).toEqual({
      stamp: "2026-11-21 16:50:23",
      ageSeconds: 90,
      victim: 0,
      parties: [
        {
          transactionId: "1606",
          session: 19,
          activeSeconds: 1,
          statement: "UPDATE d SET v='secret-value' WHERE v='two'",
          holds: [{ type: "RECORD", mode: "X locks rec but not gap", relation: "app.d", index: "PRIMARY" }],
          waitsFor: [{ type: "RECORD", mode: "X", relation: "app.d", index: "by_v" }],
        },
        {
          transactionId: "1607",
          session: 20,
          activeSeconds: 4,
          statement: "DELETE FROM d /* x */\n WHERE id=1",
          holds: [{ type: "TABLE", mode: "IX", relation: "app.d", index: undefined }],
          waitsFor: [
            { type: "RECORD", mode: "X locks gap before rec insert intention", relation: "app.d", index: "PRIMARY" },
          ],
        },
      ],
    });
    expect(JSON.stringify(deadlock)).not.toMatch(/secretA|73656372/);
  });

  it("is none where there is none, and where the report is cut off", () => {
    expect(deadlockIn("")).toBeUndefined();
    expect(deadlockIn("=====\nTRANSACTIONS\n")).toBeUndefined();
    const report = mysqlReport();
    for (let end = 0; end < report.length; end += 7) {
      expect(JSON.stringify(deadlockIn(report.slice(0, end))) ?? "").not.toMatch(/secretA|73656372/);
    }
  });

  it("is bounded, whatever a statement is made of", () => {
    const deadlock = deadlockIn(mysqlReport(`${"*** (9) TRANSACTION:\n".repeat(500)}SELECT '${"x".repeat(9000)}'`));
    expect(deadlock?.parties.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(deadlock).length).toBeLessThan(50 * 5000);
  });
});
