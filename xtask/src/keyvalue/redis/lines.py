import os
import shlex
import redis

# A client that says what its lines say, and takes errors as they come.
protocol = int(os.environ["PROTOCOL"])
client = redis.Redis(port=int(os.environ["PORT"]), protocol=protocol, lib_name=None, lib_version=None, single_connection_client=True)
for line in os.environ["LINES_TO_SAY"].splitlines():
    words = [word.encode("latin-1").decode("unicode_escape").encode("latin-1") for word in shlex.split(line)]
    client.connection.send_command(*words)
    try:
        print(client.connection.read_response(disconnect_on_error=False))
    except redis.RedisError as error:
        print(error)
