"""``manage.py contract …``: publish and withdraw contracts from a pipeline, and try them without any cluster.

``check``, ``render``, ``crd``, ``graph`` and ``test`` need neither database nor cluster. When something is
wrong, every verb ends with 1 and prints the problems, each as ``file:line:column path: message hint``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.management import offline, online
from contracts.management.results import Answer

A_FILE = "a definition, with or without its Contract document; “-” is standard input"


class Command(BaseCommand):
    help = "Publish, withdraw, check, render and test contracts."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add_online(verbs)
        add_offline(verbs)

    def handle(self, *args: Any, **options: Any) -> None:
        answer: Answer = options["run"](options)
        try:
            self._say(answer)
        except BrokenPipeError:
            # Whoever reads, such as “head”, has seen enough; Python must not complain of that at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not answer.ok:
            raise CommandError(answer.summary or "Refused.", returncode=1)

    def _say(self, answer: Answer) -> None:
        for line in answer.output:
            self.stdout.write(line)
        for line in answer.complaints:
            self.stderr.write(line)
        self.stdout.flush()


def add_online(verbs: Any) -> None:
    publish = verbs.add_parser("publish", help="publish files as the next revisions of their contracts")
    publish.add_argument("files", nargs="+", type=Path, metavar="FILE")
    publish.add_argument("--note", default="", metavar="TEXT", help="what changes for the people who use it")
    publish.add_argument(
        "--as", dest="username", default="", metavar="USERNAME", help="on behalf of this person"
    )
    publish.add_argument(
        "--allow-breaking", default="", metavar="REASON", help="publish although instances may break, and why"
    )
    publish.set_defaults(run=online.publish_files)
    for verb, run, text in (
        ("withdraw", online.withdraw, "hide a contract from the catalog; its instances live on"),
        ("reinstate", online.reinstate, "offer a withdrawn contract again"),
    ):
        moved = verbs.add_parser(verb, help=text)
        moved.add_argument("name", metavar="NAME")
        moved.add_argument("--reason", default="", metavar="TEXT", help="why; people who use it will ask")
        moved.add_argument(
            "--as", dest="username", default="", metavar="USERNAME", help="on behalf of this person"
        )
        moved.set_defaults(run=run)


def add_offline(verbs: Any) -> None:
    check = verbs.add_parser("check", help="say everything that is wrong with files")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help=A_FILE)
    check.set_defaults(run=offline.check_files)
    render = verbs.add_parser("render", help="the resources that an input gives")
    render.add_argument("file", type=Path, metavar="FILE", help=A_FILE)
    render.add_argument(
        "--input", type=Path, required=True, metavar="I.yaml", help="an instance, or only its spec"
    )
    render.add_argument(
        "--observed", type=Path, metavar="O.yaml", help="node id → object or list of objects in the cluster"
    )
    render.set_defaults(run=offline.render_file)
    crd = verbs.add_parser("crd", help="the CustomResourceDefinition that a file generates")
    graph = verbs.add_parser("graph", help="the nodes in order, and what each of them needs")
    test = verbs.add_parser("test", help="run the tests of a file's Contract document")
    for parser, run in ((crd, offline.print_crd), (graph, offline.print_graph), (test, offline.test_file)):
        parser.add_argument("file", type=Path, metavar="FILE", help=A_FILE)
        parser.set_defaults(run=run)
    for parser in (check, render, crd, graph, test):
        parser.add_argument(
            "--crds", type=Path, metavar="DIR", help="CustomResourceDefinitions that the file uses"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON")
