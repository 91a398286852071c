"""Build the search index and write it.  What reads the index never imports this."""
