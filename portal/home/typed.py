"""What a user typed into a form that could not be processed, so that the error page can show it."""

from __future__ import annotations

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError, OSError)
TEXTS = ("text", "_text")  # of editors, and what a generated form was filled from
LONGEST = 200_000  # characters


def typed_text(request: HttpRequest) -> str:
    """The posted text, and below it the fields of a generated form: those have names like ``/image``.

    No other field is shown again: it could be a password or a token.
    """
    if request.method != "POST":
        return ""
    try:
        post = request.POST
    except UNREADABLE:
        return ""
    text = next((post[name] for name in TEXTS if post.get(name)), "")
    fields = [
        f"{name.lstrip('/')}: {value}"
        for name in post
        if name.startswith("/")
        for value in post.getlist(name)
    ]
    return "\n".join([text.rstrip(), *fields]).strip()[:LONGEST]
