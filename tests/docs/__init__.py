"""The pages of docs/ that can be followed are followed."""
