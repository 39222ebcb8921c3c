"""Where accounts are told of their handoffs outside the service.

    protocol     what the carrier asks of a channel, and what a channel answers
    content      what is told: a letter, with its secrets taken out
    kinds        the vendors there are, and what each needs to know
    configuring  what ADMINs connect, change and switch off
    health       how that fares, as deliveries tell
    vault        secrets at rest; rotating puts them under another key
    outgoing     the one way out over HTTP, to the addresses that are allowed
    cards        what Slack's and Teams' cards say
    slack, teams, email, webhook, connectwise, halopsa, autotask

A vendor's module knows its wire format and nothing of deliveries; when to try again, and how often,
is services.deliveries' business.
"""
