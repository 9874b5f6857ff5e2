"""Asks for a repository over Mbed TLS, as libgit2 does: prints itself as a line of JSON. There is no repository."""
import json
import os
import sys
import tempfile

import pygit2


class Trusting(pygit2.RemoteCallbacks):
    def certificate_check(self, certificate, valid, host):
        return True


with tempfile.TemporaryDirectory() as folder:
    try:
        pygit2.clone_repository(f"https://127.0.0.1:{sys.argv[1]}/nowhere", folder, callbacks=Trusting())
    except (pygit2.GitError, KeyError, ValueError):
        print(json.dumps({"pid": os.getpid(), "fd": None, "status": 404}))
