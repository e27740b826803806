"""Scripted servers forked from a process that has imported everything already.

Importing takes longer than most tests. What a test speaks to is a process of its own all the same,
over real pipes. Tests of sockets, of `connect` and of the command line start the interpreter anew.
"""

import contextlib
import io
import json
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
from multiprocessing.reduction import DupFd
from pathlib import Path
from unittest import mock

import scripted_server

_context = multiprocessing.get_context("forkserver")


class ForkedServer:
    """A running scripted server, with the part of `subprocess.Popen` that a client uses."""

    def __init__(self, command, *, stdin, stdout, stderr, env, bufsize):
        assert (stdin, stdout, bufsize) == (subprocess.PIPE, subprocess.PIPE, 0)
        _start_parent()
        self.args = list(command)
        child_in, own_in = os.pipe()
        own_out, child_out = os.pipe()
        with Path(os.devnull).open("wb") as nowhere:
            log = nowhere.fileno() if stderr == subprocess.DEVNULL else stderr
            streams = [DupFd(stream) for stream in (child_in, child_out, log)]
            self._process = _context.Process(target=_serve, args=(streams, env, command[-1]))
            self._process.start()
        os.close(child_in)
        os.close(child_out)
        self.pid = self._process.pid
        self.stdin, self.stdout = os.fdopen(own_in, "wb", 0), os.fdopen(own_out, "rb", 0)
        self.stderr = None

    def poll(self):
        """Return the exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout=None):
        """Return the exit code once it has ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self._process.exitcode

    def send_signal(self, number):
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _start_parent():
    """Start the process that is forked, once; it finds its modules only where PYTHONPATH says."""
    _context.set_forkserver_preload([scripted_server.__name__])
    folders = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with mock.patch.dict(os.environ, PYTHONPATH=folders):
        multiprocessing.forkserver.ensure_running()


def _serve(streams, env, script):
    for number, stream in enumerate(streams):
        os.dup2(stream.detach(), number)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [scripted_server.__file__, script]
    scripted_server.main(**json.loads(script))
