"""Responses of the Lambda Runtime API are sent immediately, in one packet.

MiniStack, each header line is a packet of its own and Nagle's algorithm holds it back for the peer's delayed
acknowledgement: 40 ms per exchange.
"""

import socketserver


def apply():
    """Turn Nagle's algorithm off and buffer writes for every request handler of this process."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    socketserver.StreamRequestHandler.wbufsize = -1
