"""HTTP: authentication, paths, options, bodies, content negotiation, responses and tables."""
