"""Small controllers that make the simulated cluster live: workloads, nodes, addresses, volumes, counts.

`start(store, settings=…)` runs them in the current event loop until `stop()`.
"""

from devcluster.controllers.framework.loop import Controllers
from devcluster.controllers.framework.settings import INSTANT, Settings, Speeds, speeds_for
from devcluster.controllers.manager import seed, start

__all__ = ["INSTANT", "Controllers", "Settings", "Speeds", "seed", "speeds_for", "start"]
