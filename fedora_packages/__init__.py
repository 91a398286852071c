"""Package pages for Fedora: always fresh, never slow."""
