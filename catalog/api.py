"""Instances and changes over the API, with the same validation and permissions as the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView, ListCreateAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.availability import creation_destination, may_create, usable_contract
from catalog.change_transitions import TransitionNotAllowed
from catalog.changes import (
    AlreadyDeleting,
    ContractWithdrawn,
    NameTaken,
    cancel_change,
    may_cancel,
    propose_creation,
    propose_deletion,
    propose_update,
)
from catalog.forms.instance_form import UsableContract, check_manifest
from catalog.models import Change, ChangeState, Instance, State
from catalog.serializers import (
    AcceptedSerializer,
    ChangeSerializer,
    CreateInstanceSerializer,
    InstanceSerializer,
    InstanceSummarySerializer,
    UpdateInstanceSerializer,
)
from catalog.touched import Base
from catalog.views.edit_base import explicit_manifest, observed_manifest
from catalog.views.instances import COLUMNS, FILTERS, filtered, ordering
from contracts.models import Contract
from contracts.problems import Problem, in_reading_order
from portal.accounts.models import User
from portal.accounts.permission import can
from portal.api.refused import Refused
from portal.api.strict_serializers import check_parameters

_ORDERS = [*COLUMNS, *(f"-{column}" for column in COLUMNS)]
_PARAMETERS = [
    OpenApiParameter(
        "q",
        description="Parts of the name or namespace, separated by spaces; NAMESPACE/NAME finds one instance",
    ),
    OpenApiParameter("contract", description="Name of the contract"),
    OpenApiParameter("team", description="Slug of the team"),
    OpenApiParameter("namespace"),
    OpenApiParameter("state", enum=State.values),
    OpenApiParameter("sort", enum=_ORDERS, description="Column to sort by; “-” reverses the order"),
]

_CHANGE_PARAMETERS = [OpenApiParameter("state", enum=ChangeState.values)]


def require_user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def require_creation(user: User, contract: Contract, data: dict[str, Any]) -> None:
    decision = may_create(user, contract, data["namespace"], data["name"])
    if not decision:
        raise PermissionDenied(decision.reason)


def require_usable(contract: Contract) -> UsableContract:
    usable = usable_contract(contract)
    if usable is None:
        raise Refused(
            "This contract cannot be used right now: its latest revision does not compile.", code=409
        )
    return usable


def require_valid(
    usable: UsableContract, manifest: dict[str, Any], before: dict[str, Any] | None = None
) -> None:
    """Raises :class:`Refused` with every problem; the paths are those of the manifest."""
    errors = [problem for problem in check_manifest(usable, manifest, before) if problem.is_error]
    if errors:
        raise Refused("The instance is invalid.", problem_dicts(in_reading_order(errors)))


def problem_dicts(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Without lines: the problems are about values, not about a text."""
    names = ("path", "code", "severity", "message", "hint")
    return [{name: getattr(problem, name) for name in names} for problem in problems]


def manifest_of(usable: UsableContract, namespace: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    for key in ("labels", "annotations"):
        if data.get(key):
            metadata[key] = data[key]
    definition = usable.definition
    return {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": metadata,
        "spec": data["spec"],
    }


def update_base(instance: Instance, usable: UsableContract, *, is_whole: bool) -> Base:
    """With a generation, the client has seen what was observed, and not what open changes request."""
    seen = explicit_manifest(instance, usable) if is_whole else observed_manifest(instance, usable)
    return Base(seen, usable.schema, instance.manifest, overwrites=is_whole)


def accepted_response(change: Change, code: int) -> Response:
    return Response(AcceptedSerializer({"change": change, "instance": change.instance}).data, status=code)


@extend_schema(tags=["instances"])
class InstanceList(ListCreateAPIView[Instance]):
    serializer_class = InstanceSummarySerializer

    def get_queryset(self) -> QuerySet[Instance]:
        visible = Instance.objects.visible_to(self.request.user)
        params = self.request.GET
        filters = {name: params.get(name, "") for name in FILTERS}
        rows = filtered(visible, params.get("q", "").strip(), filters)
        related = rows.select_related("contract", "team", "destination", "revision")
        return related.order_by(*ordering(params.get("sort", "name")))

    @extend_schema(summary="List the instances that you may see", parameters=_PARAMETERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The parameters filter; an instance must match all of them."""
        check_parameters(request, _PARAMETERS, {"state": State.values, "sort": _ORDERS})
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Create an instance", request=CreateInstanceSerializer, responses={202: AcceptedSerializer}
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The response contains the change; read it again to see its outcome."""
        serializer = CreateInstanceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        user = require_user(request)
        contract = (
            Contract.objects.visible_to(user)
            .select_related("owner", "revision")
            .filter(name=data["contract"], revision__isnull=False)
            .first()
        )
        if contract is None:
            missing = Problem("unknown-contract", f"Contract “{data['contract']}” not found.", "contract")
            raise Refused("Contract not found.", problem_dicts([missing]))
        if contract.withdrawn:
            raise Refused(str(ContractWithdrawn(contract)), code=409)
        if contract.namespaced and not data["namespace"]:
            raise ValidationError({"namespace": f"Required: {contract.kind} is a namespaced kind."})
        require_creation(user, contract, data)
        usable = require_usable(contract)
        manifest = manifest_of(usable, data["namespace"], data["name"], data)
        require_valid(usable, manifest)
        try:
            change = propose_creation(
                contract=contract, destination=creation_destination(), manifest=manifest, by=user
            )
        except NameTaken as error:
            problem = Problem("name-taken", str(error), "metadata.name")
            raise Refused(str(error), problem_dicts([problem]), code=409) from None
        except ContractWithdrawn as error:
            raise Refused(str(error), code=409) from None
        return accepted_response(change, status.HTTP_202_ACCEPTED)


@extend_schema(tags=["instances"], summary="Get an instance")
class InstanceDetail(RetrieveAPIView[Instance]):
    """An instance with its spec, its state and the reason, and its resources."""

    serializer_class = InstanceSerializer

    def get_queryset(self) -> QuerySet[Instance]:
        related = ("contract", "contract__owner", "contract__revision", "team", "destination", "revision")
        visible = Instance.objects.visible_to(self.request.user).select_related(*related)
        return visible.prefetch_related("resources")

    @extend_schema(
        summary="Update an instance", request=UpdateInstanceSerializer, responses={202: AcceptedSerializer}
    )
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace the spec. Omitted fields get their defaults.

        With ``generation``, only what differs from that generation is changed, and a field that was changed
        meanwhile refuses the change. Without it, the whole spec is wanted: the last request wins.
        """
        instance = self.get_object()
        user = require_user(request)
        decision = can(user, "edit", instance)
        if not decision:
            raise PermissionDenied(decision.reason)
        serializer = UpdateInstanceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        if data.get("generation") not in (None, instance.generation):
            message = f"The instance is at generation {instance.generation}. Read it again and retry."
            raise Refused(message, code=409)
        usable = require_usable(instance.contract)
        current = {"labels": instance.labels, "annotations": instance.annotations}
        manifest = manifest_of(usable, instance.namespace, instance.name, {**current, **data})
        require_valid(usable, manifest, before=instance.manifest)
        try:
            change = propose_update(
                instance=instance,
                manifest=manifest,
                by=user,
                base=update_base(instance, usable, is_whole=data.get("generation") is None),
            )
        except AlreadyDeleting as error:
            raise Refused(str(error), code=409) from None
        return accepted_response(change, status.HTTP_202_ACCEPTED)

    @extend_schema(summary="Delete an instance", responses={202: AcceptedSerializer})
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete an instance and its resources. Safe to repeat."""
        instance = self.get_object()
        user = require_user(request)
        decision = can(user, "delete", instance)
        if not decision:
            raise PermissionDenied(decision.reason)
        try:
            change = propose_deletion(instance=instance, by=user)
        except Instance.DoesNotExist:
            raise Http404 from None
        return accepted_response(change, status.HTTP_202_ACCEPTED)


def visible_changes(request: Request) -> QuerySet[Change]:
    return Change.objects.visible_to(request.user).select_related("contract")


class ChangeList(ListAPIView[Change]):
    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[Change]:
        state = self.request.GET.get("state")
        return visible_changes(self.request).filter(**{"state": state} if state else {})

    @extend_schema(tags=["changes"], summary="List changes", parameters=_CHANGE_PARAMETERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Requests and their outcomes, newest first."""
        check_parameters(request, _CHANGE_PARAMETERS, {"state": ChangeState.values})
        return super().get(request, *args, **kwargs)


@extend_schema(tags=["changes"], summary="Get a change")
class ChangeDetail(RetrieveAPIView[Change]):
    """A change is open until it is delivered or ends in another way; then it has a time and a reason."""

    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[Change]:
        return visible_changes(self.request)


class ChangeCancel(GenericAPIView[Change]):
    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[Change]:
        related = ("instance__contract", "team")
        return visible_changes(self.request).select_related(*related)

    @extend_schema(
        tags=["changes"], summary="Cancel a change", request=None, responses={200: ChangeSerializer}
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Only a change that is waiting or approved can be cancelled, not one that is being delivered."""
        change, user = self.get_object(), require_user(request)
        decision = may_cancel(user, change)
        if not decision:
            raise PermissionDenied(decision.reason)
        try:
            cancel_change(change, by=user)
        except TransitionNotAllowed as error:
            raise Refused(str(error), code=409) from None
        return Response(self.get_serializer(change).data)


class InstanceChangeList(ChangeList):
    def get_queryset(self) -> QuerySet[Change]:
        key = self.kwargs["pk"]
        get_object_or_404(Instance.objects.visible_to(self.request.user).only("pk"), pk=key)
        return super().get_queryset().filter(instance_id=key)

    @extend_schema(tags=["changes"], summary="List the changes of an instance", parameters=_CHANGE_PARAMETERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The history of an instance, newest first."""
        return super().get(request, *args, **kwargs)


urlpatterns = [
    path("instances/", InstanceList.as_view(), name="instances"),
    path("instances/<int:pk>/", InstanceDetail.as_view(), name="instance"),
    path("instances/<int:pk>/changes/", InstanceChangeList.as_view(), name="instance-changes"),
    path("changes/", ChangeList.as_view(), name="changes"),
    path("changes/<int:pk>/", ChangeDetail.as_view(), name="change"),
    path("changes/<int:pk>/cancel/", ChangeCancel.as_view(), name="cancel-change"),
]
