"""The demo: two accounts with people and work in them, and the story told over them."""
