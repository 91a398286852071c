"""What can happen in the sandbox's Fedora, and the messages that it publishes of it."""
