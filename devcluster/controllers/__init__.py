"""Small controllers that make the simulated cluster live: workloads, nodes, addresses, volumes, counts.

`start(store, settings=…)` runs them in the current event loop until `stop()`.
"""

from devcluster.controllers.everything import seed, start
from devcluster.controllers.loop import Controllers
from devcluster.controllers.settings import INSTANT, Settings, Speeds, speeds_for

__all__ = ["INSTANT", "Controllers", "Settings", "Speeds", "seed", "speeds_for", "start"]
