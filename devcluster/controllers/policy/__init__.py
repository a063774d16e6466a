"""Autoscalers, disruption budgets and quotas."""
