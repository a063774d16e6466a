"""Stock kubectl against the server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import DevCluster

OLDEST = (1, 29)
WEBAPPS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: webapps.demo.example.com}
spec:
  group: demo.example.com
  scope: Namespaced
  names: {plural: webapps, singular: webapp, kind: WebApp, shortNames: [wa]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: State, type: string, jsonPath: .status.state}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: Desired state
            properties: {replicas: {type: integer, default: 1}}
          status: {type: object, properties: {state: {type: string}}}
"""
WEBAPP = """
apiVersion: demo.example.com/v1
kind: WebApp
metadata: {name: one}
spec: {replicas: %d}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:%s"}]}
"""

pytestmark = pytest.mark.kubectl


def version() -> tuple[int, int] | None:
    binary = shutil.which("kubectl")
    if binary is None:
        return None
    command = [binary, "version", "--client", "-o", "json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    client = found["clientVersion"]
    return int(client["major"]), int(re.match(r"\d+", client["minor"])[0])  # type: ignore[index]


class Kubectl:
    """Runs kubectl in its own namespace, with its own discovery cache."""

    def __init__(self, cluster: DevCluster, folder: Path, namespace: str) -> None:
        self._base = [
            "kubectl",
            f"--kubeconfig={cluster.kubeconfig}",
            f"--cache-dir={folder}",
            "-n",
            namespace,
        ]

    def __call__(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [*self._base, *arguments], input=stdin, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def kubectl(
    clusters: dict[str, DevCluster], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Kubectl]:
    found = version()
    if found is None or found < OLDEST:
        pytest.skip("no kubectl 1.29 or newer on this machine")
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:50].strip("-")
    run = Kubectl(clusters["live"], tmp_path / "cache", name)
    run("create", "namespace", name)
    yield run
    run("delete", "namespace", name, "--wait=false")


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_apply_prints_created_then_unchanged_then_configured(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "1").strip() == "deployment.apps/web created"
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "1").strip() == "deployment.apps/web unchanged"
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "2").strip() == "deployment.apps/web configured"


def test_server_side_apply_names_the_conflict(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", stdin=DEPLOYMENT % "1")
    output = kubectl(
        "apply", "--server-side", "--field-manager=two", "-f", "-", stdin=DEPLOYMENT % "2", code=1
    )
    assert 'conflict with "one": .spec.template.spec.containers[name="main"].image' in output
    kubectl(
        "apply",
        "--server-side",
        "--field-manager=two",
        "--force-conflicts",
        "-f",
        "-",
        stdin=DEPLOYMENT % "2",
    )


def test_a_deployment_rolls_out_scales_and_is_deleted(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "1")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert rows(kubectl("get", "deployment"))[1][:4] == ["web", "2/2", "2", "2"]
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=3", "deployment/web", "--timeout=60s")
    assert "3 desired | 3 updated | 3 total | 3 available" in kubectl("describe", "deployment", "web")
    kubectl("delete", "deployment", "web", "--cascade=foreground", "--timeout=60s")
    assert "No resources found" in kubectl("get", "deployment,replicaset,pod")


def test_an_image_tagged_broken_never_pulls(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "broken")
    kubectl("wait", "--for=jsonpath={.status.unavailableReplicas}=2", "deployment/web", "--timeout=60s")
    kubectl("rollout", "status", "deployment/web", "--timeout=1s", code=1)


def test_diff_shows_what_apply_would_change(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT % "1")
    assert kubectl("diff", "-f", "-", stdin=DEPLOYMENT % "1") == ""
    changed = kubectl("diff", "-f", "-", stdin=DEPLOYMENT % "2", code=1)
    assert "-      - image: web:1" in changed
    assert "+      - image: web:2" in changed


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("configmap", "created", "--from-literal=a=b"), "configmap"),
        (("secret", "generic", "created", "--from-literal=a=b"), "secret"),
        (("serviceaccount", "created"), "serviceaccount"),
        (("deployment", "created", "--image=web:1"), "deployment"),
        (("service", "clusterip", "created", "--tcp=80"), "service"),
        (("role", "created", "--verb=get", "--resource=pods"), "role"),
        (("quota", "created", "--hard=pods=3"), "resourcequota"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_create_sends_protobuf_that_is_understood(
    kubectl: Kubectl, arguments: tuple[str, ...], kind: str
) -> None:
    kubectl("create", *arguments)
    assert kubectl("get", kind, "created", "-o", "name").strip().endswith("/created")


def test_a_custom_kind_from_definition_to_removal(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=WEBAPPS)
    kubectl("wait", "--for=condition=Established", "crd/webapps.demo.example.com", "--timeout=60s")
    kubectl("apply", "-f", "-", stdin=WEBAPP % 2)
    kubectl(
        "patch", "webapp", "one", "--subresource=status", "--type=merge", '-p={"status":{"state":"Ready"}}'
    )
    kubectl("wait", "--for=jsonpath={.status.state}=Ready", "webapp/one", "--timeout=60s")
    assert rows(kubectl("get", "webapps")) == [["NAME", "STATE", "REPLICAS"], ["one", "Ready", "2"]]
    assert "Desired state" in kubectl("explain", "webapp.spec")
    assert "Replicas:  2" in kubectl("describe", "wa", "one")
    kubectl("apply", "-f", "-", stdin=WEBAPP % 3)
    kubectl("delete", "crd", "webapps.demo.example.com", "--timeout=60s")
    assert "NotFound" in kubectl("get", "crd", "webapps.demo.example.com", code=1)


def test_get_watch_prints_changes(kubectl: Kubectl, clusters: dict[str, DevCluster]) -> None:
    kubectl("create", "configmap", "first")
    watching = subprocess.Popen(
        [*kubectl._base, "get", "configmap", "-w", "-o", "name"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert watching.stdout is not None
        seen = [watching.stdout.readline().strip()]
        kubectl("create", "configmap", "second")
        while seen[-1] != "configmap/second":
            seen.append(watching.stdout.readline().strip())
        assert "configmap/first" in seen
    finally:
        watching.kill()
        watching.wait()


def test_the_user_may_do_everything_and_whoami_names_them(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "deployments").strip() == "yes"
    assert "system:masters" in kubectl("auth", "whoami")


def test_api_resources_lists_kinds_with_their_short_names(kubectl: Kubectl) -> None:
    listed = {line[0]: line for line in rows(kubectl("api-resources"))}
    assert listed["deployments"][1:] == ["deploy", "apps/v1", "true", "Deployment"]
