"""Responses of the launcher's own paths."""

import json


async def send(send, status, value, content_type="application/json"):
    """Respond with JSON, or with text of another type."""
    body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
