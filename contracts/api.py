"""The API of contracts and revisions: read, check, publish, withdraw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contracts.grants import give, revoke
from contracts.known_kinds import compile_known
from contracts.models import Contract, ContractQuerySet, Grant, InvalidReason, Revision
from contracts.problems import Rejected, errors
from contracts.publishing import (
    PublishRequest,
    StaleRevision,
    breaking_problems,
    denial,
    publish_request,
    review_publication,
)
from contracts.views.access import AUTHORS_ONLY
from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can
from portal.api.refused import Refused
from portal.api.strict_serializers import StrictSerializer, check_parameters


class ProblemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong. Lines and columns count from 1; 0 means that the position is not known."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(["error", "warning"])
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    path = serializers.CharField(allow_blank=True, help_text="From the document's root, with list indexes.")
    display_path = serializers.CharField(
        allow_blank=True, help_text="The path with the ids of nodes instead of their indexes."
    )
    node = serializers.CharField(allow_blank=True, help_text="Id of the node that the path leads into.")
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    end_line = serializers.IntegerField()
    end_column = serializers.IntegerField()
    file = serializers.CharField(allow_blank=True)


class ReachSerializer(serializers.Serializer[Any]):
    """One thing that a contract reaches beyond the namespace of its instances."""

    what = serializers.ChoiceField(["create", "bind", "read", "secret-flow"])
    description = serializers.CharField(help_text="In plain English: “creates the Namespace search”.")
    key = serializers.CharField(help_text="Stored by a grant; changes when the entry reaches more.")
    node = serializers.CharField(allow_blank=True, help_text="Id of the node; empty for the status.")
    group = serializers.CharField(allow_blank=True)
    kind = serializers.CharField(allow_blank=True)
    namespace = serializers.CharField(
        allow_blank=True, help_text="Empty for a cluster-scoped kind, `*` for every namespace."
    )
    name = serializers.CharField(allow_blank=True)
    target = serializers.CharField(
        allow_blank=True, help_text="The status field or the field of the object that shows a Secret's value."
    )
    depends_on_input = serializers.BooleanField(
        help_text="Whether the namespace, or a cluster-scoped object's name, is computed."
    )
    if_cluster_scoped = serializers.BooleanField(
        help_text="Whether it is reached only if the kind, which is not known here, is cluster-scoped. "
        "Publishing needs no grant of it."
    )
    path = serializers.CharField(help_text="From the document's root, with list indexes.")
    line = serializers.IntegerField()
    column = serializers.IntegerField()


class CheckedReachSerializer(ReachSerializer):
    granted = serializers.BooleanField(help_text="False: publishing needs a portal admin's grant of it.")


class RefusedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    problems = ProblemSerializer(many=True)


class ContractSerializer(serializers.ModelSerializer[Contract]):
    owner = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    api_version = serializers.CharField(read_only=True)
    revision = serializers.IntegerField(
        source="revision.number", read_only=True, allow_null=True, default=None
    )
    withdrawn = serializers.BooleanField(read_only=True)
    offered_to_all = serializers.BooleanField(
        source="owner.offers_to_all", read_only=True, help_text="False: only its own team may use it."
    )
    instances = serializers.IntegerField(source="uses", read_only=True)

    class Meta:
        model = Contract
        fields: tuple[str, ...] = (
            "name", "title", "description", "category", "icon", "lifecycle", "owner", "api_version", "kind",
            "plural", "namespaced", "revision", "withdrawn", "offered_to_all", "instances",
            "conditions", "created_at", "updated_at",
        )  # fmt: skip


class ContractDetailSerializer(ContractSerializer):
    reach = serializers.SerializerMethodField(help_text="That of the latest revision.")

    class Meta(ContractSerializer.Meta):
        fields = (*ContractSerializer.Meta.fields, "reach")

    @extend_schema_field(ReachSerializer(many=True))
    def get_reach(self, contract: Contract) -> Any:
        return reach_of(contract.revision.text if contract.revision else "")


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    author = serializers.CharField(source="author_name", read_only=True)

    class Meta:
        model = Revision
        fields = ("number", "digest", "note", "author", "created_at")


class RevisionTextSerializer(serializers.ModelSerializer[Revision]):
    author = serializers.CharField(source="author_name", read_only=True)

    class Meta:
        model = Revision
        fields = ("number", "digest", "note", "author", "created_at", "text")


class TextSerializer(StrictSerializer):
    text = serializers.CharField(trim_whitespace=False)


class PublicationSerializer(TextSerializer):
    note = serializers.CharField(required=False, allow_blank=True, default="")
    breaking_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="Reason for breaking changes. Without it they are refused, unless the definition has the "
        "annotation kro.run/allow-breaking-changes.",
    )

    after = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Number of the latest revision that you reviewed; refused when there is a newer one.",
    )

    grant_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="Portal admins: grant what the contract reaches, for this reason.",
    )


class GrantSerializer(serializers.ModelSerializer[Grant]):
    owner = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    active = serializers.BooleanField(read_only=True)
    keys = serializers.ListField(child=serializers.CharField(), read_only=True)
    descriptions = serializers.ListField(child=serializers.CharField(), read_only=True)
    given_by = serializers.CharField(source="given_by_name", read_only=True)
    revoked_by = serializers.CharField(source="revoked_by_name", read_only=True)

    class Meta:
        model = Grant
        fields = (
            "id", "owner", "from_revision", "keys", "descriptions", "active", "reason",
            "given_by", "given_at", "revoked_by", "revoked_at", "revocation_reason",
        )  # fmt: skip


class PublishedSerializer(serializers.Serializer[Any]):
    contract = serializers.CharField()
    revision = serializers.IntegerField()
    new = serializers.BooleanField(help_text="False when the latest revision is identical.")
    problems = ProblemSerializer(many=True, help_text="Warnings.")
    reach = ReachSerializer(many=True)


class CheckedSerializer(serializers.Serializer[Any]):
    """What publishing the text would answer, without a reason for breaking changes or a grant."""

    publishable = serializers.BooleanField(help_text="Whether you could publish it as it is.")
    denied = serializers.CharField(allow_blank=True, help_text="Why you may not publish it.")
    problems = ProblemSerializer(many=True)
    reach = CheckedReachSerializer(many=True)


def reach_of(text: str) -> Any:
    return ReachSerializer(compile_known(text).reach.entries, many=True).data


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(allow_blank=True, default="")


def current_user(request: Request) -> User:
    """The signed-in user; the API refuses anonymous requests."""
    return cast(User, request.user)


def contracts_for(request: Request) -> ContractQuerySet:
    found = Contract.objects.visible_to(request.user).select_related("owner", "revision")
    return found.annotate(uses=Count("instances")).order_by("title", "name")


_PARAMETERS = [
    OpenApiParameter(
        "q", description="Words that must all occur in the name, kind, title, description, category or owner"
    ),
    OpenApiParameter("owner", description="Slug of the team that owns the contract"),
    OpenApiParameter("category"),
]


class ContractList(generics.ListAPIView[Contract]):
    serializer_class = ContractSerializer

    def get_queryset(self) -> ContractQuerySet:
        found = contracts_for(self.request)
        query = self.request.query_params
        if query.get("q"):
            found = found.matching(query["q"])
        if query.get("owner"):
            found = found.filter(owner__slug=query["owner"])
        if query.get("category"):
            found = found.filter(category=query["category"])
        return found

    @extend_schema(
        summary="List contracts",
        operation_id="contracts_list",
        parameters=_PARAMETERS,
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every contract that you may see, including withdrawn ones."""
        check_parameters(request, _PARAMETERS, {})
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Publish a contract, or a new revision of it",
        operation_id="contracts_publish",
        request=PublicationSerializer,
        responses={
            201: PublishedSerializer,
            200: OpenApiResponse(PublishedSerializer, "Nothing has changed"),
            409: OpenApiResponse(RefusedSerializer, "The latest revision is newer than `after`"),
            422: RefusedSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Publish a text as the next revision of the contract that it names."""
        sent = PublicationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            done = publish_request(PublishRequest(by=current_user(request), **sent.validated_data))
        except StaleRevision as stale:
            raise Refused(str(stale), code=status.HTTP_409_CONFLICT) from None
        except Rejected as rejection:
            problems = [problem.as_dict() for problem in rejection.problems]
            raise Refused("The contract cannot be published.", problems) from None
        except PermissionDenied as denial:
            raise Refused(str(denial), code=status.HTTP_403_FORBIDDEN) from None
        answer = {
            "contract": done.contract.name,
            "revision": done.revision.number,
            "new": done.new,
            "problems": [problem.as_dict() for problem in done.problems],
            "reach": reach_of(sent.validated_data["text"]),
        }
        return Response(answer, status.HTTP_201_CREATED if done.new else status.HTTP_200_OK)


@extend_schema(summary="Get a contract")
class ContractDetail(generics.RetrieveAPIView[Contract]):
    """One contract."""

    serializer_class = ContractDetailSerializer
    lookup_field = "name"

    def get_queryset(self) -> ContractQuerySet:
        return contracts_for(self.request)


class Withdrawal(APIView):
    """Withdraw a contract (PUT), or reinstate it (DELETE). Both are idempotent."""

    @extend_schema(
        summary="Withdraw a contract",
        request=ReasonSerializer,
        responses={200: ContractSerializer, 422: RefusedSerializer},
    )
    def put(self, request: Request, name: str) -> Response:
        return self.change_availability(request, name, withdrawn=True)

    @extend_schema(
        summary="Reinstate a withdrawn contract",
        request=None,
        parameters=[OpenApiParameter("reason", required=True, description="Why it is reinstated")],
        responses={200: ContractSerializer, 422: RefusedSerializer},
    )
    def delete(self, request: Request, name: str) -> Response:
        return self.change_availability(request, name, withdrawn=False)

    def change_availability(self, request: Request, name: str, *, withdrawn: bool) -> Response:
        contract = get_object_or_404(Contract.objects.visible_to(request.user), name=name)
        sent = ReasonSerializer(data=request.data if withdrawn else request.query_params)
        sent.is_valid(raise_exception=True)
        change = contract.withdraw if withdrawn else contract.reinstate
        try:
            change(by=current_user(request), reason=sent.validated_data["reason"])
        except InvalidReason as missing:
            raise Refused(str(missing), [{"path": "reason", "message": str(missing)}]) from None
        except PermissionDenied as denial:
            raise Refused(str(denial), code=status.HTTP_403_FORBIDDEN) from None
        return Response(ContractSerializer(contracts_for(request).get(pk=contract.pk)).data)


@extend_schema(summary="List the revisions of a contract")
class RevisionList(generics.ListAPIView[Revision]):
    """The revisions of a contract, latest first, without their texts."""

    serializer_class = RevisionSerializer

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Revision.objects.none()
        check_parameters(self.request, (), {})
        contract = get_object_or_404(Contract.objects.visible_to(self.request.user), name=self.kwargs["name"])
        return contract.revisions.defer("text")


@extend_schema(summary="Get a revision with its text")
class RevisionDetail(generics.RetrieveAPIView[Revision]):
    """One revision with its text."""

    serializer_class = RevisionTextSerializer
    lookup_field = "number"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Revision.objects.none()
        visible = Contract.objects.visible_to(self.request.user)
        return Revision.objects.filter(contract__in=visible, contract__name=self.kwargs["name"])


class GrantList(APIView):
    """The grants of a contract, newest first, the revoked ones included."""

    @extend_schema(
        summary="List the grants of a contract",
        operation_id="grants_list",
        responses=GrantSerializer(many=True),
    )
    def get(self, request: Request, name: str) -> Response:
        contract = get_object_or_404(contracts_for(request), name=name)
        grants = Grant.objects.of(contract.name, contract.owner).select_related("owner")
        return Response(GrantSerializer(grants, many=True).data)

    @extend_schema(
        summary="Grant what the latest revision of a contract reaches",
        operation_id="grants_give",
        request=ReasonSerializer,
        responses={201: GrantSerializer, 409: RefusedSerializer, 422: RefusedSerializer},
    )
    def post(self, request: Request, name: str) -> Response:
        """Only portal admins. To grant what a new revision reaches, publish it with `grant_reason`."""
        contract = get_object_or_404(contracts_for(request), name=name, revision__isnull=False)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        assert contract.revision is not None
        reach = compile_known(contract.revision.text).reach
        with grant_refusals():
            given = give(contract, reach, by=current_user(request), reason=sent.validated_data["reason"])
        if given is None:
            raise Refused("Everything that it reaches is granted.", code=status.HTTP_409_CONFLICT)
        return Response(GrantSerializer(given).data, status.HTTP_201_CREATED)


class GrantDetail(APIView):
    @extend_schema(
        summary="Revoke a grant",
        operation_id="grants_revoke",
        request=None,
        parameters=[OpenApiParameter("reason", required=True, description="Why it is revoked")],
        responses={200: GrantSerializer, 422: RefusedSerializer},
    )
    def delete(self, request: Request, name: str, pk: int) -> Response:
        """Idempotent. Published revisions remain; the next one with the same reach needs a new grant."""
        contract = get_object_or_404(contracts_for(request), name=name)
        grants = Grant.objects.of(contract.name, contract.owner).select_related("owner")
        grant = get_object_or_404(grants, pk=pk)
        sent = ReasonSerializer(data=request.query_params)
        sent.is_valid(raise_exception=True)
        with grant_refusals():
            revoke(grant, by=current_user(request), reason=sent.validated_data["reason"])
        return Response(GrantSerializer(grant).data)


@contextmanager
def grant_refusals() -> Iterator[None]:
    """Answers 422 for a missing reason, 403 with the reason of a denial."""
    try:
        yield
    except InvalidReason as missing:
        raise Refused(str(missing), [{"path": "reason", "message": str(missing)}]) from None
    except PermissionDenied as denial:
        raise Refused(str(denial), code=status.HTTP_403_FORBIDDEN) from None


class Check(APIView):
    """Say what publishing a text would answer. Nothing is saved or published."""

    @extend_schema(
        operation_id="contracts_check",
        summary="Check a text without saving it",
        request=TextSerializer,
        responses=CheckedSerializer,
    )
    def post(self, request: Request) -> Response:
        if not can(request.user, "author", PLATFORM):
            raise Refused(AUTHORS_ONLY, code=status.HTTP_403_FORBIDDEN)
        sent = TextSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        user = current_user(request)
        review = review_publication(sent.validated_data["text"], by=user)
        denied, unconfirmed = denial(review, user), review.unconfirmed if review.publishable else ()
        problems = (*review.problems, *breaking_problems(unconfirmed))
        answer = {
            "publishable": not errors(problems) and not denied,
            "denied": denied,
            "problems": [problem.as_dict() for problem in problems],
            "reach": CheckedReachSerializer(review.reach(), many=True).data,
        }
        return Response(answer)


urlpatterns = [
    path("contracts/", ContractList.as_view(), name="contract-list"),
    path("contracts/check/", Check.as_view(), name="contract-check"),
    path("contracts/<str:name>/", ContractDetail.as_view(), name="contract-detail"),
    path("contracts/<str:name>/withdrawal/", Withdrawal.as_view(), name="contract-withdrawal"),
    path("contracts/<str:name>/grants/", GrantList.as_view(), name="grant-list"),
    path("contracts/<str:name>/grants/<int:pk>/", GrantDetail.as_view(), name="grant-detail"),
    path("contracts/<str:name>/revisions/", RevisionList.as_view(), name="revision-list"),
    path("contracts/<str:name>/revisions/<int:number>/", RevisionDetail.as_view(), name="revision-detail"),
]
