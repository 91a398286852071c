"""The worker: from messages of the bus to fresh entries."""
