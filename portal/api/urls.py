"""Routes of the API. Other packages add theirs under ``/api/v1/`` by the setting ``API_URLCONFS``."""

from django.conf import settings
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from portal.api import views

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", views.docs, name="docs"),
    path("v1/", views.Root.as_view(), name="root"),
    path("v1/whoami/", views.WhoAmI.as_view(), name="whoami"),
    *(path("v1/", include(module)) for module in settings.API_URLCONFS),
]
