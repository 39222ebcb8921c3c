"""The front door: documents, plans, HTTP, sockets."""
