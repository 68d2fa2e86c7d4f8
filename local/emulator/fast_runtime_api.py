"""Speaks the Lambda Runtime API over HTTP as plainly as its clients do; Python's own parser is made for e-mail."""

import functools

from ministack.core import lambda_runtime

from stock import require


def apply():
    """Replace how requests are read and responses begun."""
    worker = lambda_runtime.ProvidedWorker
    stock = require(worker, "_build_handler_class", ["self", "generation", "pending"])

    @functools.wraps(stock)
    def build(self, generation, pending):
        return type("RuntimeApi", (_Plain, stock(self, generation, pending)), {})

    worker._build_handler_class = build


class _Plain:
    """Goes before a handler of http.server."""

    def parse_request(self):
        """Read the head of a request; its headers have names such as Content-Length."""
        self.command, self.path, self.request_version = self.raw_requestline.decode("latin-1").split()
        self.headers = {}
        while (line := self.rfile.readline().strip()):
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.title()] = value.strip()
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return True

    def send_response(self, code, message=None):
        """Begin a response, without the date and the name of the server."""
        self.send_response_only(code, message)
