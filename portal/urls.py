"""The URLs of all pages. Packages above ``portal`` are included by dotted name; none is imported."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.accounts.urls")),
    path("audit/", include("portal.audit.urls")),
    path("contracts/", include("contracts.urls")),
    path("", include("catalog.urls")),
    path("", include("reconciler.urls")),
    path("api/", include("portal.api.urls")),
]

handler400 = "portal.home.errors.bad_request"
handler403 = "portal.home.errors.forbidden"
handler404 = "portal.home.errors.not_found"
handler500 = "portal.home.errors.server_error"
