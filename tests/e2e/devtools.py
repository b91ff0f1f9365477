"""Headless Chromium, its pages and its built-in DevTools page, controlled through the debugging protocol."""

import base64
import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

from .wait import until

OFFLINE = [
    "--headless",
    "--window-size=1400,900",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
]

# Does what "Import HAR file" of the network panel does, and returns what the panel shows for each request.
IMPORT = """(async () => {
  const HAR = await import('./models/har/har.js');
  const log = new HAR.HARFormat.HARRoot(%s).log;
  const rows = [];
  for (const request of HAR.Importer.Importer.requestsFromHARLog(log)) {
    const content = await request.requestContentData();
    rows.push({
      method: request.requestMethod, url: request.url(), status: request.statusCode, type: request.mimeType,
      sent: await request.requestFormData() ?? '', seconds: request.duration,
      text: content.error ?? (content.isTextContent ? content.text : content.base64),
      headers: request.responseHeaders.length,
    });
  }
  return rows;
})()"""


# Does what "Load profile" of the performance panel does, and returns the rows that the panel can draw.
LOAD_TRACE = """(async () => {
  const { TraceModel } = await import('./models/trace/trace.js');
  const model = TraceModel.Model.createWithAllHandlers();
  await model.parse(JSON.parse(%s).traceEvents, { metadata: {}, isFreshRecording: false });
  const { Renderer, Meta } = model.parsedTrace(0).data;
  return [...Renderer.processes].flatMap(([process, { threads }]) => [...threads.values()].map(({ name, entries }) => ({
      process: Meta.processNames.get(process)?.args.name, thread: name,
    calls: entries.filter(entry => entry.ph === 'X').map(entry => [entry.name, entry.ts, entry.dur]),
  })));
})()"""


class Page:
    """A page that *address* opens in a running Chromium."""

    def __init__(self, socket: websocket.WebSocket, address: str) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        target = self._call("Target.createTarget", url=address)
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        until(lambda: self.evaluate("document.readyState") == "complete", 30, f"the page {address}")

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression. Raises AssertionError with its exception."""
        done = self._call(
            "Runtime.evaluate", self._session, expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def picture(self) -> bytes:
        """Return a PNG of the page."""
        return base64.b64decode(self._call("Page.captureScreenshot", self._session)["data"])

    def _call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | (
            {"sessionId": session} if session else {}
        )
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                assert "result" in answer, answer
                return answer["result"]


class DevTools(Page):
    """The DevTools page in a running Chromium."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        super().__init__(socket, "devtools://devtools/bundled/devtools_app.html")

    def imported(self, har: str) -> list[dict[str, Any]]:
        """Import a HAR file and return the network panel's rows. AssertionError with DevTools' message if it rejects the file."""
        rows: list[dict[str, Any]] = self.evaluate(IMPORT % har)
        return rows

    def traced(self, trace: str) -> list[dict[str, Any]]:
        """Load a trace and return the performance panel's rows. AssertionError with DevTools' message if it cannot be read."""
        rows: list[dict[str, Any]] = self.evaluate(LOAD_TRACE % json.dumps(trace))
        return rows


@contextmanager
def chromium(where: Path) -> Iterator[websocket.WebSocket]:
    """Start Chromium with its profile in the directory *where*, and connect to its debugging protocol."""
    port = where / "DevToolsActivePort"
    command = ["chromium", *OFFLINE, "--remote-debugging-port=0", "--remote-allow-origins=*"]
    process = subprocess.Popen(
        [*command, f"--user-data-dir={where}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: port.exists() and len(port.read_text().splitlines()) == 2, 60, "Chromium to start")
        number, path = port.read_text().splitlines()
        socket = websocket.create_connection(f"ws://127.0.0.1:{number}{path}", timeout=30)
        try:
            yield socket
        finally:
            socket.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
