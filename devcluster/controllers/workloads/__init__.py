"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs."""
