"""A chat completion API on loopback, as good or as bad as a test wants it. Only the standard library."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 2,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 4},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.requests.append(body)
            behaviour = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        behaviour(self)

    def log_message(self, format: str, *args: Any) -> None:
        pass


Behaviour = Callable[[Handler], None]


class Server(ThreadingHTTPServer):
    """``script`` is one behaviour a request, the last one for all that follow; ``requests`` are the bodies."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.play()

    def play(self, *script: Behaviour) -> None:
        """Begin anew; whoever still hangs or drips from before ends."""
        self.over.set()
        self.over = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.script: list[Behaviour] = list(script) or [says("hello")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is expected


def sends(status: int, body: object, **headers: str) -> Behaviour:
    """Any answer: a dict as JSON, bytes as they are; ``retry_after="1"`` is the header Retry-After."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: _send(handler, status, raw, {name.replace("_", "-"): text for name, text in headers.items()})


def fails(status: int, message: str = "no luck", **headers: str) -> Behaviour:
    return sends(status, {"error": {"message": message, "type": "test", "code": None}}, **headers)


def says(text: str | None, *, ending: str = "stop", **fields: object) -> Behaviour:
    """A completion; ``fields`` replace those of the completion, None leaves one out."""
    return sends(200, completion({"role": "assistant", "content": text}, ending=ending, **fields))


def completion(message: Mapping[str, Any], *, ending: str = "stop", **fields: object) -> dict[str, Any]:
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": dict(message), "finish_reason": ending}],
        "usage": USAGE,
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def calls_a_tool() -> Behaviour:
    call = {"id": "c1", "type": "function", "function": {"name": "delete_pins", "arguments": "{}"}}
    return sends(200, completion({"role": "assistant", "content": None, "tool_calls": [call]}, ending="tool_calls"))


def hangs(handler: Handler) -> None:
    handler.server.over.wait(30)
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """A byte now and then: each read succeeds, and the answer never ends."""
    over = handler.server.over
    _head(handler, 200, 100_000, {})
    with suppress(OSError):
        while not over.wait(0.05):
            handler.wfile.write(b" ")
    handler.close_connection = True


def cuts(handler: Handler) -> None:
    """The connection goes in the middle of an answer."""
    _head(handler, 200, 1000, {})
    handler.wfile.write(b'{"id": "chatcmpl-1", "choi')
    handler.close_connection = True


def _head(handler: Handler, status: int, size: int, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, text in {"content-type": "application/json", "content-length": str(size), **headers}.items():
        handler.send_header(name, text)
    handler.end_headers()


def _send(handler: Handler, status: int, raw: bytes, headers: Mapping[str, str]) -> None:
    _head(handler, status, len(raw), headers)
    handler.wfile.write(raw)
