"""Forms of the account page and the pages of teams."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.utils import timezone

from portal.accounts.models import APIToken, Membership, PortalRole, Team, TeamNamespace, User, dns_label
from portal.accounts.visible_text import has_controls, is_visible


def validate_visible(text: str) -> None:
    """Refuses a name that shows nothing, and one that changes how the text around it is shown."""
    if not is_visible(text):
        raise forms.ValidationError("Use at least one visible character.")
    if has_controls(text):
        raise forms.ValidationError("Remove the invisible control characters.")


class SignInForm(AuthenticationForm):
    def confirm_login_allowed(self, user: User) -> None:
        """Reached with the right password only."""
        super().confirm_login_allowed(user)
        if user.temporary_until and user.temporary_until <= timezone.now():
            raise forms.ValidationError(
                "Your temporary password has expired. Ask a portal admin for a new one.", "expired"
            )


class OwnPasswordForm(PasswordChangeForm):
    """The new password must differ: a temporary one is known to who set it."""

    def clean_new_password1(self) -> str:
        password: str = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise forms.ValidationError("This is your current password. Choose another.", "same")
        return password


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    portal_role = forms.ChoiceField(choices=PortalRole.choices, required=False)

    class Meta:
        model = User
        fields: ClassVar = ["username", "first_name", "last_name", "portal_role"]
        field_classes: ClassVar = {"username": UsernameField}

    def clean_username(self) -> str:
        """Names that differ only in case would be confused, and share the throttle of sign-ins."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("Another user has this username.")
        return username

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("first_name", "last_name"):
            if typed.get(name):
                try:
                    validate_visible(typed[name])
                except forms.ValidationError as problem:
                    self.add_error(name, problem)
        return typed


LIFETIMES = {"30": "30 days", "90": "90 days", "365": "1 year", "": "Never"}


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        error_messages={"required": "Enter a name for the token."},
        validators=[validate_visible],
    )
    days = forms.ChoiceField(choices=list(LIFETIMES.items()), required=False, initial="90")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_name(self) -> str:
        """The page with a new token is the answer to the form: a reload must not create a second one."""
        name: str = self.cleaned_data["name"]
        if self.user.api_tokens.filter(name=name).exists():
            raise forms.ValidationError("You already have a token with this name.")
        return name

    def issue(self) -> tuple[APIToken, str]:
        """Create the token. Returns it with its text, which is not stored."""
        token, text = APIToken.issue(self.user, self.cleaned_data["name"])
        if days := self.cleaned_data["days"]:
            token.expires_at = timezone.now() + timedelta(days=int(days))
            token.save(update_fields=["expires_at"])
        return token, text


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    name = forms.CharField(max_length=100, validators=[validate_visible])

    class Meta:
        model = Team
        fields: ClassVar = ["name", "slug"]
        # The model's rule is stricter than that for slugs, so only it is reported.
        error_messages: ClassVar = {
            "slug": {"invalid": dns_label.message, "unique": "Another team has this slug."}
        }


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    username = forms.CharField(max_length=150)

    class Meta:
        model = Membership
        fields: ClassVar = ["role"]

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.team = team

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()
        user = User.objects.filter(username=username).first()
        if user is None:
            raise forms.ValidationError(f"User “{username}” not found. Ask a portal admin to create it.")
        if self.instance.team.memberships.filter(user=user).exists():
            raise forms.ValidationError(
                f"{user.display_name} is already a member. Change the role in the list."
            )
        self.instance.user = user
        return username


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Membership
        fields: ClassVar = ["role"]


class NamespaceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TeamNamespace
        fields: ClassVar = ["name"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        taken = TeamNamespace.objects.select_related("team").filter(name=name).first()
        if taken:
            raise forms.ValidationError(f"{name} already belongs to team {taken.team.name}.")
        return name
