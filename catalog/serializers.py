"""Instances and changes in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.models import Change, Instance
from portal.api.strict_serializers import StrictSerializer

SUMMARY_FIELDS: tuple[str, ...] = (
    "id",
    "contract",
    "revision",
    "destination",
    "namespace",
    "name",
    "team",
    "state",
    "reason",
    "message",
    "state_since",
    "generation",
    "created_at",
    "updated_at",
)
DETAIL_FIELDS: tuple[str, ...] = (
    *SUMMARY_FIELDS,
    "labels",
    "annotations",
    "spec",
    "status",
    "conditions",
    "nodes",
    "resources",
    "pending_change",
)


class ResourceSerializer(serializers.Serializer[Any]):
    node = serializers.CharField()
    api_version = serializers.CharField()
    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()
    fact = serializers.CharField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()


class InstanceSummarySerializer(serializers.ModelSerializer[Instance]):
    """An instance in the list."""

    contract = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    team = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    destination = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    revision = serializers.IntegerField(source="revision.number", read_only=True, default=None)

    class Meta:
        model = Instance
        fields = SUMMARY_FIELDS
        read_only_fields = SUMMARY_FIELDS


class InstanceSerializer(InstanceSummarySerializer):
    """An instance with its spec, status and resources."""

    resources = ResourceSerializer(many=True, read_only=True)
    pending_change = serializers.SerializerMethodField()

    class Meta:
        model = Instance
        fields = DETAIL_FIELDS
        read_only_fields = DETAIL_FIELDS

    def get_pending_change(self, row: Instance) -> int | None:
        pending = row.changes.open().first()
        return pending.pk if pending else None


class CreateInstanceSerializer(StrictSerializer):
    """A new instance. The contract's schema validates ``spec``."""

    contract = serializers.CharField(max_length=253)
    namespace = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=253)
    spec = serializers.JSONField(default=dict)
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    annotations = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)


class UpdateInstanceSerializer(StrictSerializer):
    """A complete spec. ``generation`` is the one it is based on; another current one is a conflict."""

    spec = serializers.JSONField()
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    annotations = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    generation = serializers.IntegerField(required=False)


class ChangeSerializer(serializers.ModelSerializer[Change]):
    contract = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    author = serializers.CharField(source="author_name", read_only=True)

    class Meta:
        model = Change
        fields = (
            "id",
            "instance",
            "instance_name",
            "contract",
            "action",
            "state",
            "reason",
            "manifest",
            "touched",
            "author",
            "created_at",
            "decided_at",
            "attempts",
            "message",
            "causes",
            "successor",
            "failed_step",
        )
        read_only_fields = fields


class AcceptedSerializer(serializers.Serializer[Any]):
    """The response of a write: the requested change, and the current instance."""

    change = ChangeSerializer()
    instance = InstanceSerializer(allow_null=True)
