import os

from proton.handlers import MessagingHandler
from proton.reactor import Container


class Asking(MessagingHandler):
    def on_start(self, event):
        connection = event.container.connect(
            f"amqp://ada:tulip-cleartext@127.0.0.1:{os.environ['PORT']}", allowed_mechs="PLAIN", reconnect=False)
        event.container.create_sender(connection, "/exchange/nowhere/at.all")

    def on_session_error(self, event):
        event.connection.close()


Container(Asking()).run()
