"""An address to listen on, taken before anything else is begun."""

import socket


class CannotListen(Exception):
    """The address can't be listened on. The message says what to do."""


def listen(host: str, port: int, settings: str) -> socket.socket:
    """A bound socket; the server listens on it once everything is ready. ``settings`` is how the
    names of those begin that say where. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise CannotListen(
            f"Can't listen on {host}:{port}: {error.strerror or error}. Choose another address "
            f"with {settings}HOST and {settings}PORT, or stop what listens there."
        ) from None
    return bound
