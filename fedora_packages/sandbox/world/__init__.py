"""What exists in the sandbox's Fedora: packages, releases, builds, updates, bugs and their made-up history."""
