"""Instances and changes over the API: the same judgement, the same rights, the same words as the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import ListAPIView, ListCreateAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.availability import creation_destination, may_create, usable_contract
from catalog.changes import (
    AlreadyDeleting,
    ContractWithdrawn,
    NameTaken,
    propose_creation,
    propose_deletion,
    propose_update,
)
from catalog.forms.instance_form import InstanceForm, UsableContract, from_text
from catalog.forms.yaml_text import to_yaml
from catalog.models import Change, Instance, State
from catalog.serializers import (
    AskedSerializer,
    ChangeSerializer,
    InstanceLineSerializer,
    InstanceSerializer,
    UpdateSerializer,
    WishSerializer,
)
from catalog.views.instances import COLUMNS, FILTERS, narrowed, ordering
from contracts.models import Contract
from contracts.problems import Problem
from portal.accounts.models import User
from portal.accounts.permission import can
from portal.api.exceptions import Refused
from portal.api.strict_serializers import check_parameters

_ORDERS = [*COLUMNS, *(f"-{column}" for column in COLUMNS)]
_PARAMETERS = [
    OpenApiParameter("q", description="Words that occur in name or namespace; NAMESPACE/NAME finds the one"),
    OpenApiParameter("contract", description="Name of the contract"),
    OpenApiParameter("team", description="Short name of the team"),
    OpenApiParameter("namespace"),
    OpenApiParameter("state", enum=State.values),
    OpenApiParameter("sort", enum=_ORDERS, description="By this column; “-” turns the order around"),
]


def signed_in(request: Request) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def require_usable(contract: Contract) -> UsableContract:
    usable = usable_contract(contract)
    if usable is None:
        raise Refused(
            "This contract cannot be used right now: its newest revision does not compile.", code=409
        )
    return usable


def validated_form(
    usable: UsableContract, manifest: dict[str, Any], before: dict[str, Any] | None = None
) -> InstanceForm:
    """Raises :class:`Refused` with every problem; the paths are those of the manifest."""
    form = from_text(usable, to_yaml(manifest), before=before)
    faults = [problem for problem in form.problems if problem.is_error]
    if faults:
        raise Refused("The instance is not valid.", problem_dicts(faults))
    return form


def problem_dicts(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Without lines: they would speak of a text that the caller never wrote."""
    names = ("path", "code", "severity", "message", "hint")
    return [{name: getattr(problem, name) for name in names} for problem in problems]


def manifest_of(usable: UsableContract, namespace: str, name: str, wish: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    for key in ("labels", "annotations"):
        if wish.get(key):
            metadata[key] = wish[key]
    definition = usable.definition
    return {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": metadata,
        "spec": wish["spec"],
    }


def asked(change: Change, code: int) -> Response:
    return Response(AskedSerializer({"change": change, "instance": change.instance}).data, status=code)


@extend_schema(tags=["instances"])
class Instances(ListCreateAPIView[Instance]):
    serializer_class = InstanceLineSerializer

    def get_queryset(self) -> QuerySet[Instance]:
        visible = Instance.objects.visible_to(self.request.user)
        params = self.request.GET
        chosen = {name: params.get(name, "") for name in FILTERS}
        rows = narrowed(visible, params.get("q", "").strip()[:200], chosen)
        related = rows.select_related("contract", "team", "destination", "revision")
        return related.order_by(*ordering(params.get("sort", "name")))

    @extend_schema(summary="Instances that you may see", parameters=_PARAMETERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A line for each. The parameters narrow them; an instance must fit all that are given."""
        check_parameters(request, _PARAMETERS, {"state": State.values, "sort": _ORDERS})
        return super().get(request, *args, **kwargs)

    @extend_schema(summary="Create an instance", request=WishSerializer, responses={202: AskedSerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """It is delivered to the cluster in a moment. The change in the answer tells what becomes of it."""
        wish = WishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        data = wish.validated_data
        user = signed_in(request)
        contract = (
            Contract.objects.visible_to(user)
            .select_related("owner", "revision")
            .filter(name=data["contract"], revision__isnull=False)
            .first()
        )
        if contract is None:
            missing = Problem("unknown-contract", f"There is no contract “{data['contract']}”.", "contract")
            raise Refused("There is no such contract.", problem_dicts([missing]))
        if contract.withdrawn:
            raise Refused(str(ContractWithdrawn(contract)), code=409)
        if contract.namespaced and not data["namespace"]:
            raise ValidationError({"namespace": f"Say in which namespace: every {contract.kind} has one."})
        decision = may_create(user, contract, data["namespace"], data["name"])
        if not decision:
            raise PermissionDenied(decision.reason)
        usable = require_usable(contract)
        form = validated_form(usable, manifest_of(usable, data["namespace"], data["name"], data))
        try:
            change = propose_creation(
                contract=contract,
                destination=creation_destination(),
                manifest=form.manifest,
                by=user,
            )
        except NameTaken as taken:
            problem = Problem("name-taken", str(taken), "metadata.name")
            raise Refused(str(taken), problem_dicts([problem]), code=409) from None
        except ContractWithdrawn as withdrawn:
            raise Refused(str(withdrawn), code=409) from None
        return asked(change, status.HTTP_202_ACCEPTED)


@extend_schema(tags=["instances"], summary="One instance")
class OneInstance(RetrieveAPIView[Instance]):
    """One instance: what was asked for, its state with the reason, and its resources."""

    serializer_class = InstanceSerializer

    def get_queryset(self) -> QuerySet[Instance]:
        related = ("contract", "contract__owner", "contract__revision", "team", "destination", "revision")
        visible = Instance.objects.visible_to(self.request.user).select_related(*related)
        return visible.prefetch_related("resources")

    @extend_schema(summary="Change an instance", request=UpdateSerializer, responses={202: AskedSerializer})
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for other values. ``spec`` is the whole spec; what it leaves out goes back to its default."""
        instance = self.get_object()
        user = signed_in(request)
        decision = can(user, "edit", instance)
        if not decision:
            raise PermissionDenied(decision.reason)
        update = UpdateSerializer(data=request.data)
        update.is_valid(raise_exception=True)
        data = update.validated_data
        if data.get("generation") not in (None, instance.generation):
            message = (
                f"It is at generation {instance.generation} by now. Read it again and repeat your change."
            )
            raise Refused(message, code=409)
        usable = require_usable(instance.contract)
        kept = {"labels": instance.labels, "annotations": instance.annotations}
        manifest = manifest_of(usable, instance.namespace, instance.name, {**kept, **data})
        form = validated_form(usable, manifest, before=instance.manifest)
        try:
            change = propose_update(
                instance=instance,
                manifest=form.manifest,
                by=user,
                base_resource_version=instance.resource_version,
            )
        except AlreadyDeleting as leaving:
            raise Refused(str(leaving), code=409) from None
        return asked(change, status.HTTP_202_ACCEPTED)

    @extend_schema(summary="Delete an instance", responses={202: AskedSerializer})
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for the end of an instance and of everything that it created. Safe to repeat."""
        instance = self.get_object()
        user = signed_in(request)
        decision = can(user, "delete", instance)
        if not decision:
            raise PermissionDenied(decision.reason)
        return asked(propose_deletion(instance=instance, by=user), status.HTTP_202_ACCEPTED)


def visible_changes(request: Request) -> QuerySet[Change]:
    return Change.objects.visible_to(request.user).select_related("contract")


@extend_schema(tags=["changes"], summary="What was asked for, and what became of it")
class Changes(ListAPIView[Change]):
    """What was asked for and what became of it, newest first."""

    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[Change]:
        return visible_changes(self.request)


@extend_schema(tags=["changes"], summary="One change")
class OneChange(RetrieveAPIView[Change]):
    """It is “approved” until it is delivered or refused; then it says when, and why."""

    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[Change]:
        return visible_changes(self.request)


@extend_schema(tags=["changes"], summary="What was asked for one instance")
class ChangesOfInstance(Changes):
    """The history of one instance, newest first."""

    def get_queryset(self) -> QuerySet[Change]:
        key = self.kwargs["pk"]
        get_object_or_404(Instance.objects.visible_to(self.request.user).only("pk"), pk=key)
        return super().get_queryset().filter(instance_id=key)


urlpatterns = [
    path("instances/", Instances.as_view(), name="instances"),
    path("instances/<int:pk>/", OneInstance.as_view(), name="instance"),
    path("instances/<int:pk>/changes/", ChangesOfInstance.as_view(), name="instance-changes"),
    path("changes/", Changes.as_view(), name="changes"),
    path("changes/<int:pk>/", OneChange.as_view(), name="change"),
]
