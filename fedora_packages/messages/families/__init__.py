"""The families of messages, by sender."""
