"""The front door of the API: what there is, who asks, and a readable page of it all."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from portal.accounts.models import Membership, TeamNamespace
from portal.api.reference_page import operations

ENTRANCES = {
    "contracts": "api:contract-list",
    "instances": "api:instances",
    "changes": "api:changes",
    "whoami": "api:whoami",
    "schema": "api:schema",
    "docs": "api:docs",
}


class RootSerializer(serializers.Serializer[dict[str, str]]):
    contracts = serializers.URLField(required=False)
    instances = serializers.URLField(required=False)
    changes = serializers.URLField(required=False)
    whoami = serializers.URLField()
    schema = serializers.URLField()
    docs = serializers.URLField()


class Root(APIView):
    @extend_schema(summary="Where everything is", responses=RootSerializer, tags=["portal"])
    def get(self, request: Request) -> Response:
        return Response({name: url for name, view in ENTRANCES.items() if (url := address(view, request))})


def address(view: str, request: Request) -> str:
    try:
        return reverse(view, request=request)
    except NoReverseMatch:  # the room has no API yet
        return ""


class TeamRoleSerializer(serializers.ModelSerializer[Membership]):
    team = serializers.CharField(source="team.slug")
    name = serializers.CharField(source="team.name")
    namespaces: serializers.SlugRelatedField[TeamNamespace] = serializers.SlugRelatedField(
        "name", source="team.namespaces", many=True, read_only=True
    )

    class Meta:
        model = Membership
        fields = ("team", "name", "role", "namespaces")


class PersonSerializer(serializers.Serializer[object]):
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    administrator = serializers.BooleanField(source="is_superuser")
    teams = TeamRoleSerializer(source="memberships", many=True)


class WhoAmI(APIView):
    @extend_schema(
        summary="Who asks, in which teams, with which namespaces", responses=PersonSerializer, tags=["portal"]
    )
    def get(self, request: Request) -> Response:
        return Response(PersonSerializer(request.user).data)


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """Every call of the API on one page. Written by us: the usual viewers need inline styles, which our
    policy forbids."""
    return render(request, "api/docs.html", {"tags": operations()})
