# The server's own program: a script of statements, packed, with totals and extremes; what the server logs comes along.
ask() { clickhouse-client --port "$PORT" --user ada --password hunter2 --multiquery --ignore-error "$@"; }
ask --query "CREATE TABLE t (a UInt8, b String) ENGINE = Memory; INSERT INTO t VALUES (1, 'x'), (2, 'y');
  SELECT a, count() FROM t GROUP BY a WITH TOTALS ORDER BY a; SET extremes = 1; SET send_logs_level = 'debug';
  SELECT * FROM t ORDER BY a LIMIT 1; SELECT throwIf(number = 2, 'tulip') FROM system.numbers; SELECT 2;
  CREATE TABLE m (x UInt8) ENGINE = MySQL('127.0.0.1:1', 'd', 't', 'u', 'tulip-cleartext')" || true
