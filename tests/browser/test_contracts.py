"""Contracts in a real browser: typing, checking, publishing, and pages that update themselves."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from contracts.contract_templates import template_text
from contracts.models import Contract, Draft
from contracts.publishing import publish
from portal.accounts.models import User
from tests.browser.conftest import RunAxe, Shoot, Theme, Visit


@pytest.fixture
def contract(engineer: User) -> Contract:
    """The cheapest sample, with two revisions."""
    text = template_text("stateless-service").replace(
        "owner: platform", f"owner: {engineer.teams.get().slug}"
    )
    publish(text, by=engineer, note="The first")
    again = text.replace("Runs one replica", "Runs exactly one replica")
    return publish(again, by=engineer, note="Better descriptions").contract


def at_the_end(page: Page) -> None:
    page.locator("code-editor .cm-content").first.click()
    page.keyboard.press("Control+End")


def test_problems_appear_while_typing_and_the_draft_is_saved(visit: Visit, engineer: User) -> None:
    page = visit(engineer, "/contracts/new/")
    expect(page.locator("#check")).to_contain_text("No problems")
    at_the_end(page)
    page.keyboard.type("  lifecycl: stable")
    expect(page.locator("#check")).to_contain_text("Did you mean “lifecycle”?")
    expect(page.locator("#draft-saved")).to_contain_text("Draft saved")
    expect(page).to_have_url(re.compile(r"/contracts/drafts/\d+/$"))
    page.reload()
    expect(page.locator("#check")).to_contain_text("lifecycl")


def test_form_and_graph_follow_the_editor(visit: Visit, engineer: User) -> None:
    page = visit(engineer, "/contracts/new/")
    expect(page.locator("#check .graph")).to_contain_text("settings")
    page.locator("code-editor textarea").evaluate(
        "(area) => { const editor = area.closest('code-editor');"
        " editor.value = editor.value.replaceAll('message', 'greeting') }"
    )
    expect(page.locator(".form-preview")).to_contain_text("greeting", ignore_case=True)


def test_from_typing_to_the_published_contract(visit: Visit, engineer: User) -> None:
    page = visit(engineer, "/contracts/new/")
    at_the_end(page)
    page.keyboard.type("  tags: [mine]")
    page.get_by_role("button", name="Review and publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My contract: revision 1")
    page.get_by_label("Note").fill("The first")
    page.get_by_role("button", name="Publish revision 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My contract")
    expect(page.locator(".toast")).to_contain_text("revision 1 published")
    assert not Draft.objects.exists()


def test_a_problem_of_a_refused_draft_links_to_its_line(visit: Visit, engineer: User) -> None:
    text = template_text("scheduled-job").replace("backoffLimit", "backofLimit")
    draft = Draft.objects.create(author=engineer, text=text)
    page = visit(engineer, f"/contracts/drafts/{draft.pk}/publication/")
    page.get_by_text("Unknown field “backofLimit”.").click()
    expect(page.locator("code-editor .cm-activeLine").first).to_contain_text("backofLimit")


def test_lists_and_pages_update_when_a_contract_is_withdrawn(
    visit: Visit, engineer: User, contract: Contract
) -> None:
    listed = visit(engineer, "/contracts/")
    page = visit(engineer, contract.get_absolute_url())
    expect(listed.locator("tr", has_text=contract.title)).to_contain_text("Published")
    page.get_by_text("Withdraw", exact=True).click()
    page.get_by_label("Reason").fill("It is replaced")
    page.get_by_role("button", name="Withdraw Stateless service, lowest cost").click()
    expect(page.locator(".head")).to_contain_text("Withdrawn")
    expect(listed.locator("tr", has_text=contract.title)).to_contain_text("Withdrawn")


def test_the_list_is_filtered_while_typing_and_in_the_address(
    visit: Visit, engineer: User, contract: Contract
) -> None:
    page = visit(engineer, "/contracts/")
    page.get_by_label("Search contracts", exact=True).fill("zebra")
    expect(page.locator("#contracts")).to_contain_text("No results")
    expect(page).to_have_url(re.compile("q=zebra"))
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("#contracts")).to_contain_text(contract.title)


def test_without_javascript_a_contract_is_written_and_published(
    site: str, chromium: Browser, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page = context.new_page()
    page.goto("/contracts/new/")
    area = page.get_by_label("Contract YAML")
    text = area.input_value()
    area.fill(text.replace("ConfigMap\n", "ConfigMapp\n"))
    page.get_by_role("button", name="Save and validate").click()
    expect(page.locator("#check")).to_contain_text("ConfigMapp")
    area.fill(text)
    page.get_by_role("button", name="Review and publish").click()
    page.get_by_role("button", name="Publish revision 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My contract")
    context.close()


PAGES = [
    "",
    "new/",
    "import/",
    "stateless-service/",
    "stateless-service/revisions/1/",
    "stateless-service/compare/",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("contract")
def test_accessibility_of_pages(visit: Visit, axe: RunAxe, engineer: User, path: str, theme: Theme) -> None:
    page = visit(engineer, f"/contracts/{path}", theme=theme)
    assert axe(page, f"contracts-{path.strip('/').replace('/', '-') or 'list'}-{theme}") == []


@pytest.mark.parametrize("path", PAGES)
def test_narrow_screens_do_not_scroll_sideways(
    visit: Visit, shot: Shoot, engineer: User, contract: Contract, path: str
) -> None:
    page = visit(engineer, f"/contracts/{path}", width=390)
    shot(page, f"contracts-{path.strip('/').replace('/', '-') or 'list'}-narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_reach_is_readable_and_leads_to_its_place(
    visit: Visit, axe: RunAxe, engineer: User, theme: Theme, width: int
) -> None:
    draft = Draft.objects.create(author=engineer, text=template_text("team-namespace"))
    page = visit(engineer, draft.get_absolute_url(), theme=theme, width=width)
    reach = page.locator("#reach")
    expect(reach).to_contain_text("Creates the Namespace")
    reach.scroll_into_view_if_needed()
    assert axe(page, f"contracts-reach-editor-{theme}-{width}") == []
    reach.get_by_role("button").first.click()
    expect(page.locator("code-editor .cm-activeLine")).to_contain_text("kind: Namespace")
    page = visit(engineer, f"{draft.get_absolute_url()}publication/", theme=theme, width=width)
    expect(page.locator("#reach")).to_contain_text("portal admin's grant")
    assert axe(page, f"contracts-reach-publish-{theme}-{width}") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
