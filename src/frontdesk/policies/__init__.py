"""What code decides about what a model proposes."""
