"""The simulated controllers: workloads, nodes, networking, policy.

`start(store, settings=…)` runs them in the current event loop until `stop()`.
"""

from devcluster.controllers.framework.loop import ControllerManager
from devcluster.controllers.framework.settings import INSTANT, Durations, Settings, durations_for
from devcluster.controllers.manager import start

__all__ = ["INSTANT", "ControllerManager", "Durations", "Settings", "durations_for", "start"]
