"""Web server, reconciler and embedded cluster, killed while clients write: nothing accepted is lost."""
