"""The lake over HTTP, so that the service's own clients can talk to it."""
