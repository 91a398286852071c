"""The cache over Redis: the protocol, the refill queue and the feed of changed values.  It knows no query and no upstream."""
