"""Where a cluster is and how to speak to it: kubeconfig, in-cluster, TLS, tokens and exec plugins.

Reading all that is the official package's work (``kubernetes.aio``); it is imported only when a connection is
made, because it takes half a second. The session itself is ours.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.kube.errors import Unreachable


@dataclass(frozen=True, slots=True)
class Access:
    """What is needed to send requests to one API server."""

    host: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | bool = True
    proxy: str | None = None
    server_name: str | None = None


async def read_kubeconfig(where: Path | str) -> Access:
    """The current context of a kubeconfig file. Raises ``Unreachable`` in words when it cannot be used."""
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.config import ConfigException, load_kube_config

    path = existing(where)
    configuration = Configuration()
    try:
        await load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path, client_configuration=configuration
        )
        return await access_of(configuration)
    except (ConfigException, OSError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(
            "The file that names the cluster cannot be used: the reconciler's log says why.",
            detail=f"kubeconfig {path}: {error}",
        ) from error


def existing(where: Path | str) -> str:
    path = Path(where).expanduser()
    if not path.is_file():
        raise Unreachable("The file that names the cluster is not there yet.", f"no kubeconfig at {path}")
    return str(path)


async def read_in_cluster() -> Access:
    """The service account of the pod that this process runs in. Raises ``Unreachable``."""
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.config import ConfigException, load_incluster_config

    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        return await access_of(configuration)
    except (ConfigException, OSError) as error:
        raise Unreachable(f"The pod's own service account cannot be used: {error}") from error


async def access_of(configuration: Any) -> Access:
    headers = {}
    settings = await configuration.auth_settings()
    for setting in settings.values():
        if setting.get("in") == "header" and setting.get("value"):
            headers[setting["key"]] = setting["value"]
    return Access(
        host=configuration.host.rstrip("/"),
        headers=headers,
        tls=tls_context(configuration) if configuration.host.startswith("https") else False,
        proxy=configuration.proxy,
        server_name=getattr(configuration, "tls_server_name", None),
    )


def tls_context(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=configuration.ssl_ca_cert, cadata=getattr(configuration, "ca_cert_data", None)
    )
    # Clusters sign their own certificates, and many of those authorities lack what strict checking asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
