"""Who owns a recovery, and everything that only its owner may write."""
