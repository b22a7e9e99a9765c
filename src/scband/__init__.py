"""A band in SuperCollider that anyone can conduct from Python."""

__version__ = "0.1.0"
