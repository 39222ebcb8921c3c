"""How much is in a text, as vendors count it."""


def units(text: str) -> int:
    """UTF-16's: what a character of .NET is."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
