"""Tokens for the API: ``Authorization: Bearer slw_…``."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import APIToken, User

# The account page shows the last use to the minute, so it is not written more often.
USE_RESOLUTION = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """Finds the user of a token. Unknown, expired and orphaned tokens get the same response."""

    def authenticate(self, request: Request) -> tuple[User, APIToken] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = APIToken.objects.select_related("user").filter(digest=APIToken.digest_of(text)).first()
        now = timezone.now()
        if token is None or not token.user.is_active or (token.expires_at and token.expires_at <= now):
            raise AuthenticationFailed("Invalid token. Create a new one on your account page.")
        if token.used_at is None or now - token.used_at > USE_RESOLUTION:
            APIToken.objects.filter(pk=token.pk).update(used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
