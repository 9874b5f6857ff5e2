"""Sends and gets over AMQP 1.0: PORT tls|plain ROUNDS. Prints what it did as lines of JSON."""

import json
import os
import sys

from proton import Message, SSLDomain
from proton.handlers import MessagingHandler
from proton.reactor import Container
from proton.utils import BlockingConnection

port, layer, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
# What one run leaves in its queue is none of the next one's.
queue = f"/queue/orders-{layer}"
scheme, settings = "amqp", {}
if layer == "tls":
    scheme, settings = "amqps", {"ssl_domain": SSLDomain(SSLDomain.MODE_CLIENT)}
    settings["ssl_domain"].set_peer_authentication(SSLDomain.ANONYMOUS_PEER)


def did(statement, body=None, outcome="ok", error=None):
    print(json.dumps({"pid": os.getpid(), "statement": statement, "body": body, "outcome": outcome, "error": error}))


url = f"{scheme}://ada:hunter2@127.0.0.1:{port}"
connection = BlockingConnection(url, allowed_mechs="PLAIN", **settings)
did("sasl-init PLAIN ada ***")
did("open 127.0.0.1")
did("begin")
sender = connection.create_sender(queue)
did(f"attach {queue}")
receiver = connection.create_receiver(queue, credit=rounds)
did(f"attach {queue}")
for turn in range(rounds):
    body = '{"email":"user%d@example.com"}' % turn
    sender.send(Message(body.encode(), inferred=True))
    did(f"transfer {queue}", body)
    got = receiver.receive(timeout=60)
    did(f"transfer {queue}", bytes(got.body).decode(), "oneway")
    receiver.accept()
    did("disposition accepted", None, "oneway")
# The server says that a link is detached, and not that it is closed, for which the library would wait.
receiver.link.close()
sender.send(Message("last"))
did(f"detach {queue}")
did(f"transfer {queue}", "last")
connection.close()


class Asking(MessagingHandler):
    """Asks for what is not there."""

    def on_start(self, event):
        connection = event.container.connect(url, allowed_mechs="PLAIN", reconnect=False, **settings)
        event.container.create_sender(connection, "/exchange/nowhere/at.all")

    def on_session_error(self, event):
        did("sasl-init PLAIN ada ***")
        did("open 127.0.0.1")
        did("begin")
        did("attach /exchange/nowhere/at.all", None, "error", event.session.remote_condition.name)
        event.connection.close()


Container(Asking()).run()
