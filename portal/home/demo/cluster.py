"""The embedded cluster as a child process: started, watched, started again when it dies, stopped with us."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

log = logging.getLogger("slipway.demo")

READY_WITHIN = 20.0
STOP_WITHIN = 5.0
AGAIN_AFTER = 1.0


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
        self.keeper = threading.Thread(target=self._keep, name="slipway-cluster", daemon=True)

    def start(self) -> None:
        self.keeper.start()

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
        if self.keeper.is_alive():
            self.keeper.join(STOP_WITHIN)

    def _keep(self) -> None:
        while not self.stopping.is_set():
            self._run_once()
            if not self.stopping.wait(AGAIN_AFTER):
                log.warning("The embedded cluster ended by itself; it is started again.")

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
