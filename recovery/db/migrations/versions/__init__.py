"""One file per revision, released ones never changed."""
