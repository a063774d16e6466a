"""The Kubernetes client: configuration, discovery, requests, informers, errors. Knows no Django."""

from reconciler.kube.client import Client
from reconciler.kube.config import Access, read_in_cluster, read_kubeconfig
from reconciler.kube.discovery import Resource, RestMap
from reconciler.kube.errors import ApiError, Cause, KubeError, NotServed, Unreachable
from reconciler.kube.informer import EventHandler, Informer, ListOptions, StoreOptions

__all__ = [
    "Access",
    "ApiError",
    "Cause",
    "Client",
    "EventHandler",
    "Informer",
    "KubeError",
    "ListOptions",
    "NotServed",
    "Resource",
    "RestMap",
    "StoreOptions",
    "Unreachable",
    "read_in_cluster",
    "read_kubeconfig",
]
