"""HTTP: pages, the JSON API and the JSON of the old service."""
