"""The live paths: what a delivery, a connection, an idle subscription and a return cost.

websocket    the client's end of a socket, at the least cost
crowd        many subscribers: what they were told, when, and that nothing is missing or doubled
telling      what an event must look like to a subscriber
writing      a process that writes events and rings the doorbell
writer       the handle on it
fanout, connecting, idle    the paths
"""
