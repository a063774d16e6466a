"""Nodes, the scheduler, the kubelet and volumes."""
