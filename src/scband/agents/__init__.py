"""The players: each decides what to play in the coming bar, from context, style and a seed."""
