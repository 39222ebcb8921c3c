"""Carrying out what was promised outside.

carrier     finds accounts with work, takes it and keeps within bounds
preparing   letters and channels of what was taken together
attempt     one try of one delivery, from the letter to what became of it
endings     writes that down, together with others
assessor    has assessments written, and ends each whatever happens
asking      what it needs of a language model
model       one question to the real one
lookout     looks after calls for help that nobody might have heard
counting    numbers about all accounts, for who watches
alive       whether their loops still turn
process     `baton worker`: the carrier without the web
answering   whether it lives and works, for who asks
"""

from app.worker.attempt import Trier
from app.worker.carrier import Carrier
from app.worker.preparing import Channels

__all__ = ["Carrier", "Channels", "Trier"]
