"""The Kubernetes client: configuration, discovery, requests, informers, errors. Knows no Django."""

from reconciler.kube.client import Client
from reconciler.kube.config import Access, read_in_cluster, read_kubeconfig
from reconciler.kube.discovery import Resource, RestMap
from reconciler.kube.errors import ApiError, Cause, KubeError, NotServed, Unreachable
from reconciler.kube.informer import Informer

__all__ = [
    "Access",
    "ApiError",
    "Cause",
    "Client",
    "Informer",
    "KubeError",
    "NotServed",
    "Resource",
    "RestMap",
    "Unreachable",
    "read_in_cluster",
    "read_kubeconfig",
]
