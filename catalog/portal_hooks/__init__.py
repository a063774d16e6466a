"""What the catalog adds to the portal's pages; the settings name each function."""
