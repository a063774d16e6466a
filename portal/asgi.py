"""What an ASGI server runs: pages over HTTP, and one websocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
pages = get_asgi_application()

from portal.body_limit import BodyLimit  # noqa: E402  needs the apps to be loaded
from portal.hooks import load_all  # noqa: E402
from portal.live.consumer import LiveConsumer  # noqa: E402
from portal.proxies import behind_proxies  # noqa: E402

load_all()

sockets = URLRouter([path("ws/live/", LiveConsumer.as_asgi())])
application = behind_proxies(
    ProtocolTypeRouter({"http": BodyLimit(pages), "websocket": SessionMiddlewareStack(sockets)})
)
