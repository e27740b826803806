"""A keyring in memory: for this process, or by PYTHON_KEYRING_BACKEND for one that is started."""

import contextlib
import os
from unittest import mock

from keyring import core
from keyring.backend import KeyringBackend

IN_PROCESS = {"PYTHON_KEYRING_BACKEND": "memory_keyring.MemoryKeyring"}


class MemoryKeyring(KeyringBackend):
    """Its keys, by address, or `failure`, which is raised in place of any answer."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.keys = {}
        self.failure = None

    def get_password(self, service, username):
        self._fail_or_check(service)
        # A test cannot reach into another process.
        return self.keys.get(username, os.environ.get("KEY_IN_MEMORY_KEYRING"))

    def set_password(self, service, username, password):
        self._fail_or_check(service)
        self.keys[username] = password

    def delete_password(self, service, username):
        self._fail_or_check(service)
        del self.keys[username]

    def _fail_or_check(self, service):
        assert service == "assist-server"
        if self.failure is not None:
            raise self.failure


@contextlib.contextmanager
def memory_keyring():
    """Use an empty one in this process."""
    keyring = MemoryKeyring()
    with mock.patch.object(core, "_keyring_backend", keyring):
        yield keyring
