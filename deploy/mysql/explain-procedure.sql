-- Lets the receiver mysql of dbintel have plans without a right on any table (explain_mode: procedure), on MySQL and
-- MariaDB: a procedure explains, with the rights of an account that nobody can log in with.
--
--   sed 's/\bshop\b/SCHEMA/g' deploy/mysql/explain-procedure.sql | mysql
--
-- Run as an administrator for each schema, after grants.sql; running it again changes nothing. Who may execute the procedure
-- learns how the server would execute a statement that reads this schema, and no row of it.

CREATE USER IF NOT EXISTS 'dbintel_planner'@'localhost' ACCOUNT LOCK;
GRANT SELECT ON shop.* TO 'dbintel_planner'@'localhost';

DROP PROCEDURE IF EXISTS shop.explain_statement;
DELIMITER //
-- The names tell the receiver which rows of the summary of statements are its own.
CREATE DEFINER = 'dbintel_planner'@'localhost' PROCEDURE shop.explain_statement(IN statement LONGTEXT)
  SQL SECURITY DEFINER
BEGIN
  SET @dbintel_explain = (SELECT CONCAT('EXPLAIN FORMAT=JSON ', statement) AS dbintel_plan);
  PREPARE dbintel_plan FROM @dbintel_explain;
  EXECUTE dbintel_plan;
  DEALLOCATE PREPARE dbintel_plan;
END//
DELIMITER ;
GRANT EXECUTE ON PROCEDURE shop.explain_statement TO 'dbintel_planner'@'localhost';
GRANT EXECUTE ON PROCEDURE shop.explain_statement TO 'dbintel'@'%';
