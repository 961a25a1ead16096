"""Pictures: fetched, verified, decoded, normalised, and kept under the SHA-256 of their bytes."""
