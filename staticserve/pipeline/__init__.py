"""What happens once, at build time: from a collected tree to a release store."""
