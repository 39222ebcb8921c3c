"""How each mutation can end: its success, and every refusal by name."""
