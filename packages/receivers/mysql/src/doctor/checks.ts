import type { Check } from "@dbintel/pipeline";

/** What `dbintel doctor` examines of a MySQL or MariaDB server, in this order. A code keeps its meaning. */
export const checks = {
  "MY-CONN-001": "The server can be reached from here.",
  "MY-CONN-002": "The connection is encrypted as the setting `tls` asks, and the certificate is trusted.",
  "MY-CONN-003": "The server lets the user in.",
  "MY-CONN-004": "The session is read-only and has its time-outs; a proxy between could have lost them.",
  "MY-CONN-005": "The server's clock and the collector's agree: what others measured is compared with intervals by it.",
  "MY-SERVER-001": "Which product and version answers, and what is known to be wrong in it.",
  "MY-SERVER-002": "What the server runs on, by which repairs differ.",
  "MY-SERVER-003": "Whether it takes writes. On a replica nothing can be granted: that is done on its source.",
  "MY-PS-001": "performance_schema is on: without it the server measures neither statements nor waits.",
  "MY-PS-002": "The consumers are on that statements, samples and waits are read from.",
  "MY-PS-003": "The instruments are on that measure statements, the use of tables, and locks.",
  "MY-PS-004": "The summary of statements has room: when it is full all new statements are counted as one.",
  "MY-PS-005":
    "Texts are long enough to tell statements apart: those that begin alike for so many bytes are counted as one.",
  "MY-GRANT-001": "The user may read the tables of performance_schema that are read.",
  "MY-GRANT-002": "The user has PROCESS: it sees transactions, and who waits for whom in InnoDB.",
  "MY-GRANT-003": "The user may turn consumers and instruments on, where `consumers.enable` has it do so.",
  "MY-GRANT-004":
    "The user may ask for plans: by the right to read the schemas that statements run in, or by a procedure.",
  "MY-GRANT-005": "The user may ask for the state of replication and for the files of the binary log.",
  "MY-GRANT-006":
    "The user sees all tables, and so their sizes: a server shows a table only to who has some right on it.",
  "MY-COST-001":
    "What each part of the receiver asks works, and what it costs of the budget: each was asked twice, just now.",
} as const;

type CheckCode = keyof typeof checks;

/** A check of this server. */
export interface MysqlCheck extends Check {
  readonly code: CheckCode;
}
