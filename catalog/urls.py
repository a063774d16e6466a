from django.urls import path

from catalog.views import catalog, create, delete, edit, instance, instances

app_name = "catalog"
urlpatterns = [
    path("catalog/", catalog.catalog, name="catalog"),
    path("catalog/<str:name>/", catalog.contract_page, name="contract"),
    path("catalog/<str:name>/create/", create.create, name="create"),
    path("catalog/<str:name>/create/preview/", create.preview_creation, name="create-preview"),
    path("catalog/<str:name>/create/lint/", create.lint_creation, name="create-lint"),
    path("catalog/<str:name>/create/discard/", create.discard, name="create-discard"),
    path("instances/", instances.instances, name="instances"),
    path("instances/<int:pk>/", instance.instance, name="instance"),
    path("instances/<int:pk>/edit/", edit.edit, name="edit"),
    path("instances/<int:pk>/edit/news/", edit.news, name="edit-news"),
    path("instances/<int:pk>/edit/preview/", edit.preview_edit, name="edit-preview"),
    path("instances/<int:pk>/edit/lint/", edit.lint_edit, name="edit-lint"),
    path("instances/<int:pk>/edit/discard/", edit.discard_edit, name="edit-discard"),
    path("instances/<int:pk>/delete/", delete.delete, name="delete"),
    path("instances/<int:pk>/changes/<int:change>/cancel/", delete.cancel, name="cancel-change"),
    path("instances/<int:pk>/retry/", delete.retry, name="retry"),
]
