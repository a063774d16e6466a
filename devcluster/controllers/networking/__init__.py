"""EndpointSlices, and the addresses of Services and Ingresses."""
