"""The root of the API, the current user, and the API reference page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.urls import reverse as url_path
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from portal.accounts.models import Membership, PortalRole, TeamNamespace
from portal.api.reference_page import operations

ENDPOINTS = {
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
    @extend_schema(summary="List the endpoints", responses=RootSerializer, tags=["portal"])
    def get(self, request: Request) -> Response:
        return Response({name: url for name, view in ENDPOINTS.items() if (url := url_of(view, request))})


def url_of(view: str, request: Request) -> str:
    try:
        return reverse(view, request=request)
    except NoReverseMatch:  # the package is not installed
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


class UserSerializer(serializers.Serializer[object]):
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    portal_role = serializers.ChoiceField(
        PortalRole.choices, allow_blank=True, help_text="Role in the whole portal; empty for most users."
    )
    teams = TeamRoleSerializer(source="memberships", many=True)


class WhoAmI(APIView):
    @extend_schema(
        summary="Get the current user with teams and namespaces", responses=UserSerializer, tags=["portal"]
    )
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(request.user).data)


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """The API reference. Common viewers need inline styles, which the content security policy forbids."""
    url = request.build_absolute_uri(url_path("api:whoami"))
    context = {"tags": operations(), "first_request": f'curl -H "Authorization: Bearer $TOKEN" {url}'}
    return render(request, "api/docs.html", context)
