"""Carrying out what was promised outside.

carrier     finds accounts with work, takes it and keeps within bounds
attempt     one try of one delivery, from the letter to what became of it
process     `baton worker`: the carrier without the web
"""

from app.worker.attempt import Channels, Trier
from app.worker.carrier import Carrier

__all__ = ["Carrier", "Channels", "Trier"]
