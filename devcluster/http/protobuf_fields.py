"""The field numbers of the messages that kubectl sends as protobuf.

A message is `NUMBER NAME [TYPE]`, comma-separated. Types: none for a string, `int`, `bool`, `bytes`, or the
name of a message; `*` before it for a list, `%` for a mapping from strings. `quantity`, `time` and `intstr`
are messages with a special form in JSON. The name `.` means that the fields of the message belong to its
parent.
"""

META = "1 metadata ObjectMeta, "

MESSAGES: dict[str, str] = {
    "ObjectMeta": "1 name, 2 generateName, 3 namespace, 5 uid, 6 resourceVersion, 7 generation int, 8 "
    "creationTimestamp time, "
    "9 deletionTimestamp time, 10 deletionGracePeriodSeconds int, 11 labels %, 12 annotations %, "
    "13 ownerReferences *OwnerReference, 14 finalizers *",
    "OwnerReference": "1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller bool, 7 blockOwnerDeletion bool",
    "LabelSelector": "1 matchLabels %, 2 matchExpressions *Requirement",
    "Requirement": "1 key, 2 operator, 3 values *",
    "Namespace": META + "2 spec NamespaceSpec",
    "NamespaceSpec": "1 finalizers *",
    "ConfigMap": META + "2 data %, 3 binaryData %bytes, 4 immutable bool",
    "Secret": META + "2 data %bytes, 3 type, 4 stringData %, 5 immutable bool",
    "ServiceAccount": META + "3 imagePullSecrets *LocalReference, 4 automountServiceAccountToken bool",
    "LocalReference": "1 name",
    "Deployment": META + "2 spec DeploymentSpec",
    "DeploymentSpec": "1 replicas int, 2 selector LabelSelector, 3 template PodTemplate, 4 strategy "
    "DeploymentStrategy, "
    "5 minReadySeconds int, 6 revisionHistoryLimit int, 7 paused bool, 9 progressDeadlineSeconds int",
    "DeploymentStrategy": "1 type, 2 rollingUpdate RollingUpdate",
    "RollingUpdate": "1 maxUnavailable intstr, 2 maxSurge intstr",
    "PodTemplate": META + "2 spec PodSpec",
    "PodSpec": "2 containers *Container, 3 restartPolicy, 4 terminationGracePeriodSeconds int, 5 "
    "activeDeadlineSeconds int, "
    "6 dnsPolicy, 7 nodeSelector %, 8 serviceAccountName, 10 nodeName, 11 hostNetwork bool, 15 "
    "imagePullSecrets *LocalReference, "
    "16 hostname, 17 subdomain, 19 schedulerName, 20 initContainers *Container, 21 "
    "automountServiceAccountToken bool, "
    "24 priorityClassName",
    "Container": "1 name, 2 image, 3 command *, 4 args *, 5 workingDir, 6 ports *ContainerPort, 7 env "
    "*EnvVar, "
    "8 resources Resources, 14 imagePullPolicy, 16 stdin bool, 17 stdinOnce bool, 18 tty bool",
    "ContainerPort": "1 name, 2 hostPort int, 3 containerPort int, 4 protocol, 5 hostIP",
    "EnvVar": "1 name, 2 value",
    "Resources": "1 limits %quantity, 2 requests %quantity",
    "Service": META + "2 spec ServiceSpec",
    "ServiceSpec": "1 ports *ServicePort, 2 selector %, 3 clusterIP, 4 type, 5 externalIPs *, 7 "
    "sessionAffinity, 8 loadBalancerIP, "
    "9 loadBalancerSourceRanges *, 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort int, "
    "13 publishNotReadyAddresses bool, 17 ipFamilyPolicy, 18 clusterIPs *, 19 ipFamilies *, "
    "20 allocateLoadBalancerNodePorts bool, 21 loadBalancerClass, 22 internalTrafficPolicy",
    "ServicePort": "1 name, 2 protocol, 3 port int, 4 targetPort intstr, 5 nodePort int, 6 appProtocol",
    "Job": META + "2 spec JobSpec",
    "JobSpec": "1 parallelism int, 2 completions int, 3 activeDeadlineSeconds int, 4 selector "
    "LabelSelector, 5 manualSelector bool, "
    "6 template PodTemplate, 7 backoffLimit int, 8 ttlSecondsAfterFinished int, 9 completionMode, 10 "
    "suspend bool",
    "CronJob": META + "2 spec CronJobSpec",
    "CronJobSpec": "1 schedule, 2 startingDeadlineSeconds int, 3 concurrencyPolicy, 4 suspend bool, 5 "
    "jobTemplate JobTemplate, "
    "6 successfulJobsHistoryLimit int, 7 failedJobsHistoryLimit int, 8 timeZone",
    "JobTemplate": META + "2 spec JobSpec",
    "Ingress": META + "2 spec IngressSpec",
    "IngressSpec": "1 defaultBackend IngressBackend, 2 tls *IngressTLS, 3 rules *IngressRule, 4 "
    "ingressClassName",
    "IngressTLS": "1 hosts *, 2 secretName",
    "IngressRule": "1 host, 2 . IngressRuleValue",
    "IngressRuleValue": "1 http HTTPRule",
    "HTTPRule": "1 paths *HTTPPath",
    "HTTPPath": "1 path, 2 backend IngressBackend, 3 pathType",
    "IngressBackend": "4 service IngressService",
    "IngressService": "1 name, 2 port BackendPort",
    "BackendPort": "1 name, 2 number int",
    "Role": META + "2 rules *PolicyRule",
    "ClusterRole": META + "2 rules *PolicyRule, 3 aggregationRule AggregationRule",
    "AggregationRule": "1 clusterRoleSelectors *LabelSelector",
    "PolicyRule": "1 verbs *, 2 apiGroups *, 3 resources *, 4 resourceNames *, 5 nonResourceURLs *",
    "RoleBinding": META + "2 subjects *Subject, 3 roleRef RoleRef",
    "ClusterRoleBinding": META + "2 subjects *Subject, 3 roleRef RoleRef",
    "Subject": "1 kind, 2 apiGroup, 3 name, 4 namespace",
    "RoleRef": "1 apiGroup, 2 kind, 3 name",
    "ResourceQuota": META + "2 spec QuotaSpec",
    "QuotaSpec": "1 hard %quantity, 2 scopes *",
    "PodDisruptionBudget": META + "2 spec BudgetSpec",
    "BudgetSpec": "1 minAvailable intstr, 2 selector LabelSelector, 3 maxUnavailable intstr",
    "PriorityClass": META + "2 value int, 3 globalDefault bool, 4 description, 5 preemptionPolicy",
    "TokenRequest": META + "2 spec TokenRequestSpec",
    "TokenRequestSpec": "1 audiences *, 4 expirationSeconds int",
    "HorizontalPodAutoscaler": META + "2 spec AutoscalerSpec",
    "AutoscalerSpec": "1 scaleTargetRef ScaleTarget, 2 minReplicas int, 3 maxReplicas int, 4 metrics *Metric",
    "ScaleTarget": "1 kind, 2 name, 3 apiVersion",
    "Metric": "1 type, 4 resource ResourceMetric",
    "ResourceMetric": "1 name, 2 target MetricTarget",
    "MetricTarget": "1 type, 2 value quantity, 3 averageValue quantity, 4 averageUtilization int",
    "SelfSubjectAccessReview": META + "2 spec AccessSpec",
    "AccessSpec": "1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes PathAttributes",
    "ResourceAttributes": "1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 name, 7 subresource",
    "PathAttributes": "1 path, 2 verb",
    "SelfSubjectRulesReview": META + "2 spec RulesSpec",
    "RulesSpec": "1 namespace",
    "SelfSubjectReview": META.rstrip(", "),
}
OTHER_VERSIONS = {
    (
        "autoscaling/v1",
        "AutoscalerSpec",
    ): "1 scaleTargetRef ScaleTarget, 2 minReplicas int, 3 maxReplicas int, "
    "4 targetCPUUtilizationPercentage int",
}
