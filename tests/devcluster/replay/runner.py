"""Sends the requests of one case in order and keeps the answers as they are recorded."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.devcluster.replay.jsonpath import find, pick
from tests.devcluster.replay.symbols import Entry, Symbols, sort_owners
from tests.devcluster.replay.transport import (
    FAILURES,
    Request,
    Server,
    decoded,
    no_answer,
    recorded_headers,
)

MEDIA_TYPES = {
    "json": "application/json",
    "yaml": "application/yaml",
    "jsonpatch": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
POLL_INTERVAL = 0.05
CLEANED_UP_WITHIN = 20.0
Step = dict[str, Any]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the cases are long, and every worker reads them


def load_case(path: Path) -> dict[str, Any]:
    text = path.read_text()
    return {"name": path.stem, "source": text, **yaml.load(text, Loader)}


class Run:
    """One run of one case. ``log`` holds the requests and answers in order."""

    def __init__(self, server: Server, case: Mapping[str, Any]) -> None:
        self._server, self._case = server, case
        self._log: list[Entry] = []
        suffix = "".join(random.choices("bcdfghjklmnpqrstvwxz", k=5))
        self._variables: dict[str, Any] = {"ns": f"{case['name'][:40]}-{suffix}"}
        for name, text in case.get("vars", {}).items():
            self._variables[name] = self._fill(text)

    def answers(self) -> list[Entry]:
        namespace = self._variables["ns"]
        self._clean_up()
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self._call("POST", "/api/v1/namespaces", body)
        try:
            for step in self._case["steps"]:
                self._run_step(step)
        finally:
            self._call("DELETE", f"/api/v1/namespaces/{namespace}")
            self._clean_up()
        symbols = Symbols(self._log, namespace, self._case["source"])
        return [symbols.replace(entry) for entry in self._log if not entry["hidden"]]

    def _clean_up(self) -> None:
        """Delete what the case leaves outside its namespace, and wait until it is deleted."""
        paths = [self._fill(path) for path in self._case.get("cleanup", ())]
        for path in paths:
            self._call("DELETE", path)
        for path in paths:
            self._poll(partial(self._call, "GET", path), {"code": 404}, CLEANED_UP_WITHIN)

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Content-Type": MEDIA_TYPES["json"]} if body else {}
        return self._server.call(Request(method, path, headers, body))

    def _fill(self, value: Any) -> Any:
        """Put variables into a string, a list or a mapping: {{name}}, and {{x*9}} for nine x."""
        if isinstance(value, dict):
            return {self._fill(key): self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        value = re.sub(r"\{\{(.)\*(\d+)\}\}", lambda match: match[1] * int(match[2]), value)
        return re.sub(r"\{\{(\w+)\}\}", lambda match: str(self._variables[match[1]]), value)

    def _request(self, step: Step) -> Request:
        method, path = self._fill(step["send"]).split(" ", 1)
        headers = self._fill(step.get("headers", {}))
        if "body" not in step:
            return Request(method, path.strip(), headers)
        headers.setdefault("Content-Type", MEDIA_TYPES[step.get("type", "json")])
        return Request(method, path.strip(), headers, self._fill(step["body"]))

    def _run_step(self, step: Step) -> None:
        time.sleep(step.get("wait", 0))  # the case requests it: some answers depend on the second of a change
        for turn in range(step.get("times", 1)):
            self._variables["turn"] = turn
            request = self._request(step)
            position = len(self._log)  # what runs meanwhile is recorded after the watch
            entry = {"name": step["name"], "request": request.as_recorded(), **self._answer(step, request)}
        for name, path in step.get("capture", {}).items():
            values = find(entry.get("body", entry.get("events")), path)
            self._variables[name] = values[0] if values else "nothing-captured"
        self._log.insert(position, _recorded_parts(entry, step))

    def _answer(self, step: Step, request: Request) -> dict[str, Any]:
        if "watch" in step:
            return self._watch(step, request)
        if "until" in step:
            return self._poll(
                lambda: self._server.call(self._request(step)), step["until"], step.get("within", 30)
            )
        return self._server.call(request)

    def _poll(
        self, ask: Callable[[], dict[str, Any]], conditions: Mapping[str, Any], seconds: float
    ) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            answer = ask()
            if all(self._holds(answer, path, wanted) for path, wanted in conditions.items()):
                return answer
            if time.monotonic() > deadline:
                return answer | {"gave_up": True}
            time.sleep(POLL_INTERVAL)

    def _holds(self, answer: dict[str, Any], path: str, wanted: Any) -> bool:
        values = [answer["status"]] if path == "code" else find(answer["body"], path)
        if wanted in ("present", "absent"):
            return bool(values) is (wanted == "present")
        return bool(self._fill(wanted) in values)

    def _watch(self, step: Step, request: Request) -> dict[str, Any]:
        """Read the requested number of events, or "all" until the server ends the stream."""
        try:
            connection, response = self._server.open(request, timeout=step.get("within", 15))
            answer = {"status": response.status, "headers": recorded_headers(response)}
            if response.status != 200:
                return answer | {"body": decoded(response.read())}
        except FAILURES as problem:
            return no_answer(problem)
        events: list[dict[str, Any]] = []
        reader = threading.Thread(target=_read_events, args=(response, step["watch"], events, answer))
        reader.start()
        for inner in step.get("meanwhile", ()):
            self._run_step(inner)
        reader.join()
        connection.close()
        if step.get("unordered"):
            events.sort(key=lambda event: (event["type"], str(find(event, "object.metadata.name"))))
        return answer | {"events": events}


def _read_events(response: Any, count: int | str, events: list[dict[str, Any]], answer: Entry) -> None:
    try:
        while count == "all" or len(events) < int(count):
            line = response.readline()
            if not line:
                answer["ended"] = "by the server"
                return
            is_bookmark = b'"BOOKMARK"' in line[:30] and b"initial-events-end" not in line
            if is_bookmark and count != "all":
                continue  # a server may send one at any time
            event = decoded(line)
            whole = isinstance(event, dict) and {"type", "object"} <= set(event)
            events.append(event if whole else {"type": "not an event", "object": event})
    except FAILURES:
        answer["ended"] = "too few events in time"


def _recorded_parts(entry: Entry, step: Step) -> Entry:
    """The entry with only the parts that the step picks, of errors everything. ``full`` has it all."""
    paths = step.get("pick")
    sort_owners([entry.get("body", {}), entry.get("events", [])])
    entry |= {"hidden": step.get("unrecorded", False), "full": entry.get("body")}
    if paths and "events" in entry:
        entry["full"] = [event["object"] for event in entry["events"]]
        picked = [{**event, "object": pick(event["object"], paths)} for event in entry["events"]]
        picked = [{"type": event["type"], "object": event["object"]} for event in picked]
        previous: list[Any] = [None, *picked]
        entry["events"] = [now for before, now in zip(previous, picked, strict=False) if now != before]
    elif paths is not None and entry["status"] < 400:
        entry["body"] = pick(entry["body"], paths)
    return entry


def load_golden(path: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(path.read_text())
    return golden
