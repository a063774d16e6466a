"""Names that the seeded rows, the clients and the checks share."""

NAMESPACE = "kills"
GROUP = "kills.slipway.dev"
USER = "killer"
PASSWORD = "kept-over-every-kill"
