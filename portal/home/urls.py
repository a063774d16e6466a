from django.urls import path

from portal.home import probes, views

app_name = "home"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("notices/", views.notices, name="notices"),
    path("healthz", probes.alive, name="alive"),
    path("readyz", probes.ready, name="ready"),
]
