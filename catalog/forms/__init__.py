"""A contract's schema as a form: fields, what was posted, the YAML text behind both, and problems."""
