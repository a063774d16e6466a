from django.urls import URLPattern

app_name = "reconciler"
urlpatterns: list[URLPattern] = []
