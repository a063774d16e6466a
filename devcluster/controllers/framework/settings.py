"""Settings of the simulated controllers: durations, and which controllers run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class Durations:
    """Durations in seconds. By default, a Deployment is ready after two to three seconds."""

    schedule: float = 0.15
    accept: float = 0.1  # from bound to ContainerCreating
    pull: float = 1.2
    warm_up: float = 0.7  # from Running to Ready
    jitter: float = 0.4  # pull and warm_up vary by this fraction
    pull_back_off: float = 3.0  # from ErrImagePull to ImagePullBackOff
    job: float = 2.0
    crash: float = 1.0  # from Running to a crash, for images tagged `crash`
    restart_back_off: float = 10.0
    stop: float = 0.5
    address: float = 1.0  # until a load balancer or ingress has an address
    bind: float = 0.3  # until a claim has a volume
    retry: float = 1.0  # after a rejected write, doubled each time
    autoscale: float = 1.0


def durations_for(ready_after: float) -> Durations:
    """Durations with which a pod is ready after so many seconds, the others in proportion."""
    usual = Durations()
    if ready_after < 1:  # too short to distinguish Running from Ready
        usual = replace(usual, pull=usual.pull + usual.warm_up, warm_up=0.0)
    share = ready_after / (usual.schedule + usual.accept + usual.pull + usual.warm_up)
    scaled = {
        each.name: getattr(usual, each.name) * share for each in fields(Durations) if each.name != "jitter"
    }
    return Durations(**scaled, jitter=usual.jitter)


INSTANT = Durations(
    schedule=0.0, accept=0.0, pull=0.2, warm_up=0.0, jitter=0.0, pull_back_off=0.2, job=0.2, crash=0.1,
    restart_back_off=0.3, stop=0.1, address=0.2, bind=0.05, retry=0.2, autoscale=0.1,
)  # fmt: skip
"""For tests: pods are ready 0.2 seconds after they are bound."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of `start`. `only` names the controllers to run; None runs all of them."""

    durations: Durations = field(default_factory=Durations)
    only: frozenset[str] | None = None
    kubelet_events: bool = True  # Pulling, Pulled, Created, Started
    event_ttl: float = 3600.0
    certificate: str = ""  # PEM, for the ConfigMap kube-root-ca.crt
