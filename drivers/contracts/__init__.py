"""The promises that drivers make, and the words that they share."""
