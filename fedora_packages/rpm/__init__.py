"""RPM's own forms: names with versions and releases, and spec files."""
