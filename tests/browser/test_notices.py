"""The notices on every page change while the page is open."""

from __future__ import annotations

from playwright.sync_api import expect

from catalog.models import Destination, Instance
from portal.accounts.models import User
from reconciler.projection.instances import save_destination
from tests.browser.conftest import Visit


def test_the_banner_follows_the_reachability_of_the_cluster(
    visit: Visit, developer: User, instance: Instance, cluster: Destination
) -> None:
    page = visit(developer, f"/instances/{instance.pk}/")
    label, banner = page.locator("[data-live-label]"), page.locator("#notices .message")
    expect(label).to_have_text("Live")
    expect(banner).to_have_count(0)
    save_destination(cluster.pk, reachable=False, message="It does not answer.")
    expect(banner).to_contain_text("cannot be reached")
    expect(label).to_have_text("Outdated")
    save_destination(cluster.pk, reachable=True, message="")
    expect(banner).to_have_count(0)
    expect(label).to_have_text("Live")
