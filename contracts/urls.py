"""URLs of the contract pages. Reserved names (``name_conflicts.PAGE_NAMES``) come before contract names."""

from django.urls import path

from contracts.views import detail, editor, grants, listing, publication, withdrawal

app_name = "contracts"
urlpatterns = [
    path("", listing.contract_list, name="list"),
    path("new/", editor.new_contract, name="new"),
    path("import/", editor.import_contract, name="import"),
    path("check/", editor.check, name="check"),
    path("drafts/<int:pk>/", editor.draft_editor, name="draft"),
    path("drafts/<int:pk>/delete/", editor.delete_draft, name="draft-delete"),
    path("drafts/<int:pk>/publication/", publication.publication, name="publication"),
    path("drafts/<int:pk>/grant/", grants.draft_grant, name="draft-grant"),
    path("<str:name>/", detail.contract_detail, name="detail"),
    path("<str:name>/edit/", editor.edit_contract, name="edit"),
    path("<str:name>/compare/", detail.revision_comparison, name="compare"),
    path("<str:name>/withdrawal/", withdrawal.create_withdrawal, name="withdrawal"),
    path("<str:name>/withdrawal/delete/", withdrawal.delete_withdrawal, name="reinstatement"),
    path("<str:name>/grants/", grants.create_grant, name="create-grant"),
    path("<str:name>/grants/<int:pk>/revoke/", grants.revoke_grant, name="revoke-grant"),
    path("<str:name>/revisions/<int:number>/", detail.revision_detail, name="revision"),
    path("<str:name>/revisions/<int:number>/<str:file>", detail.revision_file, name="file"),
]
