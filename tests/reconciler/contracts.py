"""Small contracts for the reconciler's tests. ``GROUP`` becomes the test's own API group."""

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

FLEET = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: fleet}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Fleet
    spec:
      members: "[]string"
  resources:
    - id: member
      forEach:
        - who: ${schema.spec.members}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-${who}"}
        data: {who: "${who}"}
"""

READER = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: reader}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Reader
    spec:
      source: string | required=true
  resources:
    - id: source
      externalRef:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.spec.source}"}
    - id: copy
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-copy"}
        data: {value: "${source.data.value}"}
"""

NAMED = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: named}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Named
    spec:
      map: string | required=true
      copies: integer | default=1 maximum=5
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.spec.map}"}
        data: {owner: "${schema.metadata.name}"}
"""

SERVICE = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: service}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Web
    spec:
      image: string | default="nginx:1"
  resources:
    - id: deployment
      readyWhen: ["${deployment.status.availableReplicas == deployment.spec.replicas}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "${schema.metadata.name}"}
        spec:
          replicas: 2
          selector: {matchLabels: {app: "${schema.metadata.name}"}}
          template:
            metadata: {labels: {app: "${schema.metadata.name}"}}
            spec:
              containers:
                - name: app
                  image: ${schema.spec.image}
                  resources: {limits: {cpu: 1000m, memory: 1024Mi}}
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata: {name: "${deployment.metadata.name}"}
        spec:
          selector: {app: "${schema.metadata.name}"}
          ports: [{port: 80, targetPort: 8080}]
    - id: secret
      template:
        apiVersion: v1
        kind: Secret
        metadata: {name: "${schema.metadata.name}"}
        stringData: {password: hidden-word}
"""

PLACE = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: place}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Place
    scope: Cluster
    spec: {}
  resources:
    - id: home
      template:
        apiVersion: v1
        kind: Namespace
        metadata: {name: "${schema.metadata.name}"}
    - id: quota
      template:
        apiVersion: v1
        kind: ResourceQuota
        metadata: {name: quota, namespace: "${home.metadata.name}"}
        spec: {hard: {pods: "10"}}
"""

NESTED = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: nested}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Nested
    spec: {}
  resources:
    - id: inner
      template:
        apiVersion: GROUP/v1alpha1
        kind: Pair
        metadata: {name: "${schema.metadata.name}-inner"}
        spec: {text: deep}
"""

SPOKEN = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: spoken}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Spoken
    spec: {}
    status:
      conditions:
        - >-
          ${runtime.newCondition({type: "Usable", reason: "AsReady",
          status: runtime.condition(schema, "Ready").status})}
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-map"}
"""
