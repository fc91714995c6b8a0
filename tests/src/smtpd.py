"""A real SMTP server (aiosmtpd) that wants STARTTLS and a login, and puts what it takes into a Maildir.

Arguments: port, folder, certificate, key, user, password.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

port, folder, certificate, key, user, password = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)


def authenticate(server, session, envelope, mechanism, login):
    is_known = isinstance(login, LoginPassword) and login == LoginPassword(user.encode(), password.encode())
    return AuthResult(success=is_known, handled=False)


def connection():
    return SMTP(
        Mailbox(folder),
        tls_context=tls,
        require_starttls=True,
        authenticator=authenticate,
        auth_required=True,
        enable_SMTPUTF8=True,
    )


async def serve():
    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", int(port))
    await server.serve_forever()


asyncio.run(serve())
