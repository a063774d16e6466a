from django.urls import path

from reconciler import views

app_name = "reconciler"
urlpatterns = [
    path("instances/<int:pk>/resources/<int:resource>/manifest/", views.manifest, name="manifest"),
]
