"""Whether what is shown is right, and whether the service is alive."""
