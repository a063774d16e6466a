"""``manage.py contract …``: publish and withdraw contracts from a pipeline, and try them without a cluster.

``check``, ``render``, ``crd``, ``graph`` and ``test`` need neither database nor cluster. On errors, every
verb exits with status 1 and prints the problems, each as ``file:line:column path: message hint``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.management import offline, online
from contracts.management.results import CommandResult

FILE_HELP = "a definition, with or without its Contract document; “-” is standard input"


class Command(BaseCommand):
    help = "Publish, withdraw, check, render and test contracts."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add_online(verbs)
        add_offline(verbs)

    def handle(self, *args: Any, **options: Any) -> None:
        result: CommandResult = options["run"](options)
        try:
            self._print(result)
        except BrokenPipeError:
            # The reader, such as “head”, has closed the pipe; Python must not report that when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not result.ok:
            raise CommandError(result.summary or "Failed.", returncode=1)

    def _print(self, result: CommandResult) -> None:
        for line in result.output:
            self.stdout.write(line)
        for line in result.errors:
            self.stderr.write(line)
        self.stdout.flush()


def add_online(verbs: Any) -> None:
    publish = verbs.add_parser("publish", help="publish files as the next revisions of their contracts")
    publish.add_argument("files", nargs="+", type=Path, metavar="FILE")
    publish.add_argument("--note", default="", metavar="TEXT", help="what changes for users of the contract")
    publish.add_argument(
        "--as", dest="username", default="", metavar="USERNAME", help="on behalf of this user"
    )
    publish.add_argument(
        "--allow-breaking",
        default="",
        metavar="REASON",
        help="publish although instances may break, for this reason",
    )
    publish.add_argument(
        "--grant", default="", metavar="REASON", help="grant what the contracts reach, for this reason"
    )
    publish.set_defaults(run=online.publish_files)
    add_grants(verbs)
    for verb, run, text in (
        ("withdraw", online.withdraw, "hide a contract from the catalog; its instances remain"),
        ("reinstate", online.reinstate, "make a withdrawn contract available again"),
    ):
        change_availability = verbs.add_parser(verb, help=text)
        change_availability.add_argument("name", metavar="NAME")
        change_availability.add_argument(
            "--reason", default="", metavar="TEXT", help="the reason, for users of the contract"
        )
        change_availability.add_argument(
            "--as", dest="username", default="", metavar="USERNAME", help="on behalf of this user"
        )
        change_availability.set_defaults(run=run)


def add_grants(verbs: Any) -> None:
    give = verbs.add_parser("grant", help="grant what a contract's latest revision reaches")
    revoke = verbs.add_parser("revoke", help="revoke the grants of a contract")
    revoke.add_argument("--grant", type=int, metavar="ID", help="only this one")
    for parser, run in ((give, online.grant), (revoke, online.revoke)):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--reason", default="", metavar="TEXT", help="the reason, for the audit log")
        parser.add_argument(
            "--as", dest="username", default="", metavar="USERNAME", help="on behalf of this portal admin"
        )
        parser.set_defaults(run=run)


def add_offline(verbs: Any) -> None:
    check = verbs.add_parser("check", help="list everything that is wrong with files")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help=FILE_HELP)
    check.set_defaults(run=offline.check_files)
    render = verbs.add_parser("render", help="print the resources that an input renders to")
    render.add_argument("file", type=Path, metavar="FILE", help=FILE_HELP)
    render.add_argument(
        "--input", type=Path, required=True, metavar="I.yaml", help="an instance, or only its spec"
    )
    render.add_argument(
        "--observed", type=Path, metavar="O.yaml", help="node id → object or list of objects in the cluster"
    )
    render.set_defaults(run=offline.render_file)
    crd = verbs.add_parser("crd", help="print the CustomResourceDefinition that a file generates")
    graph = verbs.add_parser("graph", help="print the nodes in order, and what each of them needs")
    test = verbs.add_parser("test", help="run the tests of a file's Contract document")
    for parser, run in ((crd, offline.print_crd), (graph, offline.print_graph), (test, offline.test_file)):
        parser.add_argument("file", type=Path, metavar="FILE", help=FILE_HELP)
        parser.set_defaults(run=run)
    for parser in (check, render, crd, graph, test):
        parser.add_argument(
            "--crds", type=Path, metavar="DIR", help="CustomResourceDefinitions that the file uses"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
