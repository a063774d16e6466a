"""Template tags: icons, states, ages, initials, problems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template

from catalog.models.instance import State
from contracts.problems import Problem
from portal.home.age import long_age, short_age
from portal.home.kind_icons import KIND_ICONS
from portal.home.management.commands.check_templates import icon_names
from portal.home.states import STATES
from portal.home.templatetags import ui

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def render(text: str, **context: object) -> str:
    return Template("{% load ui %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("age", "words", "short"),
    [
        (timedelta(seconds=0), "just now", "0s"),
        (timedelta(seconds=4), "just now", "4s"),
        (timedelta(seconds=40), "40 s ago", "40s"),
        (timedelta(seconds=60), "1 min ago", "1m"),
        (timedelta(minutes=59, seconds=59), "59 min ago", "59m"),
        (timedelta(hours=23), "23 h ago", "23h"),
        (timedelta(days=1), "1 day ago", "1d"),
        (timedelta(days=59), "59 days ago", "59d"),
        (timedelta(days=60), "31 Dec 2025", "60d"),
        (timedelta(days=800), "22 Dec 2023", "2y"),
        (timedelta(minutes=-5), "in 5 min", "0s"),
    ],
)
def test_ages(age: timedelta, words: str, short: str) -> None:
    assert long_age(NOW - age, NOW) == words
    assert short_age(NOW - age, NOW) == short


def test_ago_accepts_timestamps_of_kubernetes() -> None:
    shown = render("{% ago when %}", when="2020-02-01T10:00:00Z")
    assert 'datetime="2020-02-01T10:00:00+00:00"' in shown
    assert 'title="01 February 2020, 10:00:00 UTC"' in shown
    assert ">1 Feb 2020<" in shown


@pytest.mark.parametrize("nothing", ["not a time", None, ""])
def test_ago_is_empty_for_an_invalid_time(nothing: Any) -> None:
    assert render("{% ago when %}", when=nothing) == ""


@pytest.mark.parametrize("state", STATES)
def test_a_state_has_a_colour_an_icon_and_a_label_with_its_meaning(state: str) -> None:
    shown = render("{% state_badge state %}", state=state)
    assert f'data-state="{state}"' in shown
    assert STATES[state].label in shown
    assert "<svg" in shown
    assert f'title="{STATES[state].meaning}"' in shown


def test_the_states_of_an_instance_have_their_documented_meaning() -> None:
    assert {state.value: state.label for state in State} == {word: one.label for word, one in STATES.items()}


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert "Pending" in render("{% state_badge 'pending' %}")


def test_every_used_icon_is_in_the_sprite() -> None:
    named = {*KIND_ICONS.values(), *(one.icon for one in STATES.values()), "package", "copy"}
    assert named <= icon_names()


def test_user_input_is_escaped() -> None:
    nasty = '"><script>alert(1)</script>'
    tags = ["icon x", "state_badge x", "copy_button x", "kind_icon x"]
    for text in [*(f"{{% {tag} %}}" for tag in tags), "{{ x|initials }}"]:
        assert "<script" not in render(text, x=nasty)


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Lovelace", "AL"), ("checkout-api", "C"), ("Ada van der Berg", "AB"), ("", "")]
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://a-b.svc/c", "http://<wbr>a-b.<wbr>svc/<wbr>c"),
        ("a: <b>.c & d", "a: &lt;b&gt;.<wbr>c &amp; d"),
        ("v1", "v1"),
    ],
)
def test_an_address_may_break_after_punctuation(text: str, shown: Any) -> None:
    assert ui.breakable(text) == shown


def test_a_name_has_a_fixed_tint() -> None:
    assert ui.tint("Compute") == ui.tint("Compute")
    assert {ui.tint(f"category {n}") for n in range(60)} == set(ui.TINTS)


def test_problems_with_a_position_link_to_it() -> None:
    found = [
        Problem("unknown-field", "There is no field nmae.", "spec.nmae", 3, 5, hint="Did you mean name?"),
        Problem("soft", "Old style.", severity="warning"),
    ]
    shown = " ".join(render("{% problem_list problems 'editor' %}", problems=found).split())
    assert 'data-goto-line="3" data-goto-column="5" data-editor="editor"' in shown
    assert "Did you mean name?" in shown
    assert 'data-state="warning"' in shown
