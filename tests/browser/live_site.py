"""A page with one live fragment, for the tests of static/js/live.js."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template
from django.urls import include, path

from portal.accounts.models import User

now = {"version": 1, "asked": 0}

PAGE = Template("""{% extends "base.html" %}
{% block title %}Live{% endblock %}
{% block actions %}{% include "home/_live.html" %}{% endblock %}
{% block page %}<h1>Live</h1><label>Typing <input id="typing"></label>{% include fragment %}{% endblock %}""")
FRAGMENT = Template("""<section id="part" data-live="counter.1" data-version="{{ version }}"
 hx-get="/live/part/"
 hx-trigger="changed-counter-1 from:body" hx-swap="morph" hx-target="this">
 <p>Version {{ version }}</p></section>""")


class CounterTopic:
    allowed = True

    def may_listen(self, user: User, argument: str) -> bool:
        return CounterTopic.allowed

    def version(self, user: User, argument: str) -> str:
        return str(now["version"])


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.render(RequestContext(request, {"fragment": FRAGMENT, **now})))


def part(request: HttpRequest) -> HttpResponse:
    now["asked"] += 1
    return HttpResponse(FRAGMENT.render(Context(now)))


urlpatterns = [path("live/", page), path("live/part/", part), path("", include("portal.urls"))]
