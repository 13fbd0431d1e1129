"""The boundary: requests in, pages out."""
