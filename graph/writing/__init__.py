"""The write path: rows and requests in, one validated and logged transaction out."""
