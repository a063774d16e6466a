"""Small contracts for the engine's tests. ``GROUP`` becomes the test's own API group."""

PAIR = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pair}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Pair
    spec:
      text: string | default="hello"
      extra: boolean | default=false
    status:
      first: ${first.metadata.name}
      second: ${second.data.first}
  resources:
    - id: first
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-first"}
        data: {text: "${schema.spec.text}"}
    - id: second
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-second"}
        data: {first: "${first.metadata.name}", uid: "${first.metadata.uid}"}
    - id: extra
      includeWhen: ["${schema.spec.extra}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-extra"}
        data: {a: b}
"""
