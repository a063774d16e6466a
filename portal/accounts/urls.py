from django.urls import path

from portal.accounts.views import account, auth, teams, users

app_name = "accounts"
urlpatterns = [
    path("login/", auth.Login.as_view(), name="login"),
    path("logout/", auth.Logout.as_view(), name="logout"),
    path("account/", account.account, name="account"),
    path("account/password/", account.change_password, name="change-password"),
    path("account/tokens/", account.create_token, name="create-token"),
    path("account/tokens/<int:pk>/delete/", account.delete_token, name="delete-token"),
    path("users/", users.list_users, name="users"),
    path("users/new/", users.create, name="create-user"),
    path("users/<int:pk>/", users.detail, name="user"),
    path("users/<int:pk>/password/", users.reset_password, name="reset-password"),
    path("users/<int:pk>/active/", users.change_active, name="change-active"),
    path("users/<int:pk>/portal-role/", users.change_portal_role, name="change-portal-role"),
    path("teams/", teams.list_teams, name="teams"),
    path("teams/new/", teams.create_team, name="create-team"),
    path("teams/<slug:slug>/", teams.team, name="team"),
    path("teams/<slug:slug>/offer/", teams.change_offer, name="change-offer"),
    path("teams/<slug:slug>/members/", teams.create_membership, name="create-membership"),
    path("teams/<slug:slug>/members/<int:pk>/", teams.change_membership, name="change-membership"),
    path("teams/<slug:slug>/members/<int:pk>/delete/", teams.delete_membership, name="delete-membership"),
    path("teams/<slug:slug>/namespaces/", teams.create_namespace, name="create-namespace"),
    path("teams/<slug:slug>/namespaces/<int:pk>/move/", teams.move_namespace, name="move-namespace"),
    path("teams/<slug:slug>/namespaces/<int:pk>/delete/", teams.delete_namespace, name="delete-namespace"),
]
