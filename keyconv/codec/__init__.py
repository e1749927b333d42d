"""The SSH blobs that several formats share, between bytes and the model."""
