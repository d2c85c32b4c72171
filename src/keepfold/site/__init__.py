"""Where the rooms come together: settings, databases, wiring, addresses, the web server, the worker, the supervisor.

Owns no facts about anybody. Promises: nothing is served that is not in order; what is wrong is said in one sentence.
The only place that may mount a room's `rest` and `hot` modules, and the only one that hands keys from room to room.
"""
