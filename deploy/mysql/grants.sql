-- The least that the receiver mysql of dbintel needs on MySQL, for a user with the name dbintel.
--
--   mysql < deploy/mysql/grants.sql
--
-- Run as an administrator; running it again changes nothing. Make the user first, for the host that the collector connects
-- from:
--
--   CREATE USER 'dbintel'@'%' IDENTIFIED BY '…' WITH MAX_USER_CONNECTIONS 5;

-- What statements, sessions and tables do. Without it: the counters of SHOW GLOBAL STATUS.
GRANT SELECT ON performance_schema.* TO 'dbintel'@'%';

-- Transactions of InnoDB, and what it counts. Without it: sessions without the transaction that they are in, no deadlocks.
GRANT PROCESS ON *.* TO 'dbintel'@'%';

-- Whether replicas keep up, and the size of the binary log. Without it: the members of a group, and nothing else of
-- replication.
GRANT REPLICATION CLIENT ON *.* TO 'dbintel'@'%';

-- A server shows tables only to who has some right on them; this one reads and changes nothing. Without it: no sizes of
-- tables, and no advice about indexes.
GRANT REFERENCES ON *.* TO 'dbintel'@'%';

-- Only with consumers: {enable: true}, which turns on what is read of performance_schema after each restart.
-- GRANT UPDATE ON performance_schema.setup_consumers TO 'dbintel'@'%';
-- GRANT UPDATE ON performance_schema.setup_instruments TO 'dbintel'@'%';

-- Only for plans and custom queries: the right to read what they are about, schema by schema. Plans are possible without:
-- see explain-procedure.sql beside this file.
-- GRANT SELECT ON shop.* TO 'dbintel'@'%';
