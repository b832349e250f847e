"""One module per source format: small functions from its records to canonical rows."""
