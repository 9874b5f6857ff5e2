"""Serves a folder's tables as SQL Server does, with pysqlbridge.

    tds_server.py FOLDER clear|tunnel|strict PORT

`clear` encrypts nothing, which its makers do not offer: its log-in is read as it comes. `tunnel` encrypts as the client
asks, in a handshake that TDS carries. `strict` speaks TLS from the first byte on, as version 8.0 does, with FOLDER's
cert.pem and key.pem. It says when it listens, and each
query that it is asked.
"""
import logging
import pathlib
import ssl
import sys

from pysqlbridge import certificate, server
from pysqlbridge.catalog import load as load_catalog
from pysqlbridge.logins import load as load_logins
from pysqlbridge.tds import connection
from pysqlbridge.tds.packet import PacketType, build_packet
from pysqlbridge.tds.prelogin import Encryption, server_response

folder, mode, port = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])


class Nothing:
    """A tunnel that changes nothing."""

    def unwrap(self, data):
        return data


class Clear(connection.Connection):
    """A connection on which nothing is encrypted."""

    def _step_prelogin(self, responses):
        if not super()._step_prelogin(responses):
            return False
        answer = server_response(version=self._version, encryption=Encryption.NOT_SUPPORTED, asked=self._client_prelogin)
        responses[-1] = build_packet(PacketType.TABULAR_RESULT, answer.build())
        self._tunnel, self._session_encrypted = Nothing(), False
        self._state = connection.ConnectionState.EXPECT_LOGIN
        return True


class Strict(server.BridgeServer):
    """A server that speaks TLS before anything else."""

    def get_request(self):
        client, address = super().get_request()
        return context.wrap_socket(client, server_side=True), address


(folder / "users.csv").write_text(
    "id,name,email,score\n" + "".join(f"{n},user {n},user{n}@example.com,{n}.5\n" for n in range(1, 41))
)
(folder / "tables.json").write_text(
    '{"tables": [{"name": "users", "csv": "users.csv"}], "logins": [{"user": "ada", "password": "tulip-cleartext"}]}'
)
catalog = load_catalog(str(folder / "tables.json"))
logins = load_logins(str(folder / "tables.json"))
kind = server.BridgeServer
own = certificate.self_signed() if mode != "tunnel" else certificate.load(folder / "cert.pem", folder / "key.pem")
if mode != "tunnel":
    server.Connection = Clear
if mode == "strict":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.set_alpn_protocols(["tds/8.0"])
    kind = Strict
logging.basicConfig(level=logging.DEBUG, format="%(message)s", stream=sys.stdout)
serving = kind("127.0.0.1", port, own, catalog.answer, "shop", logins)
print("listening", flush=True)
serving.serve_forever()
