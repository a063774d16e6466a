"""The embedded cluster as a child process: started, restarted after a crash, and stopped with the portal."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

log = logging.getLogger("slipway.demo")

READY_WITHIN = 20.0
STOP_WITHIN = 5.0
RESTART_DELAY = 1.0


class EmbeddedCluster:
    """``python -m devcluster``, started by name, so that no package imports the simulation.

    ``rules`` is the dotted name of the class that evaluates the CEL rules of CRDs in it.

    A session of its own keeps Ctrl-C in the terminal from reaching it before the portal has finished. If the
    portal is killed, the child notices that its parent has exited, and exits too.
    """

    def __init__(self, kubeconfig: Path, state: Path, rules: str) -> None:
        self.kubeconfig = kubeconfig
        self.state = state
        self.rules = rules
        self.ready = threading.Event()
        self.stopping = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self.supervisor = threading.Thread(target=self._supervise, name="slipway-cluster", daemon=True)

    def start(self) -> None:
        self.supervisor.start()

    def wait_until_ready(self, seconds: float = READY_WITHIN) -> bool:
        return self.ready.wait(seconds)

    def stop(self) -> None:
        self.stopping.set()
        process = self.process
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.supervisor.is_alive():
            self.supervisor.join(STOP_WITHIN)

    def _supervise(self) -> None:
        while not self.stopping.is_set():
            self._run_once()
            if not self.stopping.wait(RESTART_DELAY):
                log.warning("The embedded cluster exited unexpectedly; restarting it.")

    def _run_once(self) -> None:
        command = [
            sys.executable, "-m", "devcluster", "--port", "0", "--kubeconfig", str(self.kubeconfig),
            "--state", str(self.state), "--rules", self.rules, "--exit-with-parent",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:  # noqa: S603
            self.process = process
            assert process.stdout is not None
            for line in process.stdout:
                if " ready at " in line:
                    self.ready.set()
                else:
                    log.warning("cluster: %s", line.rstrip())
