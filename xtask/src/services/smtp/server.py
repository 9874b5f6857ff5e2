import base64, hashlib, hmac, sys, threading
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword, MISSING

PASSWORD = b"tulip-cleartext"


def is_known(server, session, envelope, mechanism, data):
    return AuthResult(success=isinstance(data, LoginPassword) and data.password == PASSWORD, handled=False)


class Handler:
    async def auth_CRAM__MD5(self, server, args):
        said = await server.challenge_auth(b"<1896.697170952@mail.example.test>")
        if said is MISSING:
            return AuthResult(success=False)
        user, digest = said.split(b" ")
        wanted = hmac.new(PASSWORD, b"<1896.697170952@mail.example.test>", hashlib.md5).hexdigest().encode()
        return AuthResult(success=digest == wanted, handled=False)

    async def auth_XOAUTH2(self, server, args):
        said = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth(b"")
        return AuthResult(success=b"auth=Bearer k-123\x01" in said, handled=False)

    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 Ok: queued as 1"


controller = Controller(Handler(), hostname="127.0.0.1", port=PORT, authenticator=is_known,
                        auth_require_tls=False, server_hostname="mail.example.test", ident="aiosmtpd")
controller.start()
print("listening", file=sys.stderr, flush=True)
threading.Event().wait()
