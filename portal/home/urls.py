from django.urls import path

from portal.home import health, views

app_name = "home"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("notices/", views.notices, name="notices"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
