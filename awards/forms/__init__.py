"""The boundary: what people fill in."""
