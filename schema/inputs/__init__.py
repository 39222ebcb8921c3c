"""What requests are made of, handed on as the plain values that rules take."""
