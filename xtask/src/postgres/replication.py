import psycopg2
import psycopg2.extras

session = psycopg2.connect("", connection_factory=psycopg2.extras.LogicalReplicationConnection)
stream = session.cursor()
stream.create_replication_slot("changes", output_plugin="test_decoding")
stream.start_replication(slot_name="changes", decode=True)

other = psycopg2.connect("")
other.cursor().execute("UPDATE users SET name = name WHERE id = 1")
other.commit()
other.close()


class Enough(Exception):
    pass


def hear(message):
    message.cursor.send_feedback(flush_lsn=message.data_start, reply=True)
    if message.payload.startswith("COMMIT"):
        raise Enough


try:
    stream.consume_stream(hear, keepalive_interval=1)
except Enough:
    pass
session.close()
other = psycopg2.connect("")
other.autocommit = True
other.cursor().execute("SELECT pg_sleep(0.2)")
other.cursor().execute("SELECT pg_drop_replication_slot('changes')")
