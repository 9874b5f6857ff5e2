"""Gets an answer while the server is still inside the call that writes it, and leaves before that returns.

Client and server have one processor. While they connect the server comes first, so that it is at its end that the bytes
in clear are read; then the client does. Prints the statement.
"""
import os
import sys

import psycopg

conninfo, postmaster = sys.argv[1], int(sys.argv[2])
processor = {min(os.sched_getaffinity(0))}
os.sched_setaffinity(0, processor)
os.sched_setaffinity(postmaster, processor)
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
connection = psycopg.connect(conninfo, autocommit=True)
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
os.sched_setscheduler(connection.info.backend_pid, os.SCHED_IDLE, os.sched_param(0))
statement = "select 42 as answer"
assert connection.execute(statement).fetchall() == [(42,)]
connection.close()
print(statement)
