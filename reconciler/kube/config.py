"""How to reach a cluster: kubeconfig, in-cluster, TLS, tokens and exec plugins.

The official package reads all of that (``kubernetes.aio``); the session is our own.
"""

from __future__ import annotations

import importlib
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


def official(module: str) -> Any:
    """A module of ``kubernetes.aio``, imported at the first connection because that takes half a second."""
    return importlib.import_module(f"kubernetes.aio.{module}")


async def read_kubeconfig(where: Path | str) -> Access:
    """The current context of a kubeconfig file. Raises ``Unreachable`` if it cannot be used."""
    path = existing(where)
    reader, configuration = official("config"), official("client").Configuration()
    try:
        await reader.load_kube_config(config_file=path, client_configuration=configuration)
        return await access_of(configuration)
    except (reader.ConfigException, OSError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(
            "The kubeconfig file cannot be used; the reconciler's log says why.",
            detail=f"kubeconfig {path}: {error}",
        ) from error


def existing(where: Path | str) -> str:
    path = Path(where).expanduser()
    if not path.is_file():
        raise Unreachable("The kubeconfig file does not exist yet.", f"no kubeconfig at {path}")
    return str(path)


async def read_in_cluster() -> Access:
    """The service account of the pod that this process runs in. Raises ``Unreachable``."""
    reader, configuration = official("config"), official("client").Configuration()
    try:
        reader.load_incluster_config(client_configuration=configuration)
        return await access_of(configuration)
    except (reader.ConfigException, OSError) as error:
        raise Unreachable(f"The pod's service account cannot be used: {error}") from error


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
    # Clusters sign their own certificates, whose authorities often lack what strict verification requires.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
