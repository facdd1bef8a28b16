"""Watcher and worker in one process."""

from __future__ import annotations

import argparse

from recovery.cli.verb import Verb


class Standalone(Verb):
    """Run watcher and worker, and the API if it has an address, until SIGTERM or Ctrl-C."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.service import main

        return main.standalone(self.context.conf)
