"""The relay: one for each window, to the server that a user's windows share.

It imports little, as it lives beside every editor: neither pygls nor the settings.
"""
