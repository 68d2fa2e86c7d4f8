"""A minimal HTTP parser for the Lambda Runtime API; Python's own is made for e-mail, and slow."""

import functools

from ministack.core import lambda_runtime

from upstream_checks import require


def apply():
    """Replace how requests are read and responses are started."""
    worker = lambda_runtime.ProvidedWorker
    original = require(worker, "_build_handler_class", ["self", "generation", "pending"])

    @functools.wraps(original)
    def build(self, generation, pending):
        return type("RuntimeApi", (_Plain, original(self, generation, pending)), {})

    worker._build_handler_class = build


class _Plain:
    """A mixin for handlers of http.server."""

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
        """Start a response, without the date and the name of the server."""
        self.send_response_only(code, message)
