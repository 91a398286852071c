"""The families of messages: one file a sender, and the table of all."""
