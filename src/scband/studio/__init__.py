"""Offline work: renders of a whole performance, without a clock."""
