"""The resources of Kubernetes 1.36: plural, kind, scope, short names, categories, verbs and subresources.

A line is `plural Kind scope [short=…] [in=CATEGORIES] [verbs=…] [+status] [+scale] [SUBRESOURCE=KIND:VERBS]`;
verbs are omitted if a kind has all eight. Groups are in the order of discovery. A kind of a subresource that
belongs to another group is written GROUP/VERSION/KIND. `devcluster.kinds.kinds` parses it; a test compares it
with a real server.
"""

RESOURCES = """
[v1]
bindings Binding namespaced verbs=create
componentstatuses ComponentStatus cluster short=cs verbs=get,list
configmaps ConfigMap namespaced short=cm
endpoints Endpoints namespaced short=ep
events Event namespaced short=ev
limitranges LimitRange namespaced short=limits
namespaces Namespace cluster short=ns verbs=create,delete,get,list,patch,update,watch \
  finalize=Namespace:update +status
nodes Node cluster short=no proxy=NodeProxyOptions:create,delete,get,patch,update +status
persistentvolumeclaims PersistentVolumeClaim namespaced short=pvc +status
persistentvolumes PersistentVolume cluster short=pv +status
pods Pod namespaced short=po in=all attach=PodAttachOptions:create,get binding=Binding:create \
  ephemeralcontainers=Pod:get,patch,update eviction=policy/v1/Eviction:create exec=PodExecOptions:create,get \
  log=Pod:get portforward=PodPortForwardOptions:create,get \
  proxy=PodProxyOptions:create,delete,get,patch,update \
  resize=Pod:get,patch,update +status
podtemplates PodTemplate namespaced
replicationcontrollers ReplicationController namespaced short=rc in=all +scale +status
resourcequotas ResourceQuota namespaced short=quota +status
secrets Secret namespaced
serviceaccounts ServiceAccount namespaced short=sa token=authentication.k8s.io/v1/TokenRequest:create
services Service namespaced short=svc in=all proxy=ServiceProxyOptions:create,delete,get,patch,update +status
[apiregistration.k8s.io/v1]
apiservices APIService cluster in=api-extensions +status
[apps/v1]
controllerrevisions ControllerRevision namespaced
daemonsets DaemonSet namespaced short=ds in=all +status
deployments Deployment namespaced short=deploy in=all +scale +status
replicasets ReplicaSet namespaced short=rs in=all +scale +status
statefulsets StatefulSet namespaced short=sts in=all +scale +status
[events.k8s.io/v1]
events Event namespaced short=ev
[authentication.k8s.io/v1]
selfsubjectreviews SelfSubjectReview cluster verbs=create
tokenreviews TokenReview cluster verbs=create
[authorization.k8s.io/v1]
localsubjectaccessreviews LocalSubjectAccessReview namespaced verbs=create
selfsubjectaccessreviews SelfSubjectAccessReview cluster verbs=create
selfsubjectrulesreviews SelfSubjectRulesReview cluster verbs=create
subjectaccessreviews SubjectAccessReview cluster verbs=create
[autoscaling/v2]
horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa in=all +status
[autoscaling/v1]
horizontalpodautoscalers HorizontalPodAutoscaler namespaced short=hpa in=all +status
[batch/v1]
cronjobs CronJob namespaced short=cj in=all +status
jobs Job namespaced in=all +status
[certificates.k8s.io/v1]
certificatesigningrequests CertificateSigningRequest cluster short=csr \
  approval=CertificateSigningRequest:get,patch,update +status
[networking.k8s.io/v1]
ingressclasses IngressClass cluster
ingresses Ingress namespaced short=ing +status
ipaddresses IPAddress cluster short=ip
networkpolicies NetworkPolicy namespaced short=netpol
servicecidrs ServiceCIDR cluster +status
[policy/v1]
poddisruptionbudgets PodDisruptionBudget namespaced short=pdb +status
[rbac.authorization.k8s.io/v1]
clusterrolebindings ClusterRoleBinding cluster
clusterroles ClusterRole cluster
rolebindings RoleBinding namespaced
roles Role namespaced
[storage.k8s.io/v1]
csidrivers CSIDriver cluster
csinodes CSINode cluster
csistoragecapacities CSIStorageCapacity namespaced
storageclasses StorageClass cluster short=sc
volumeattachments VolumeAttachment cluster +status
volumeattributesclasses VolumeAttributesClass cluster short=vac
[admissionregistration.k8s.io/v1]
mutatingadmissionpolicies MutatingAdmissionPolicy cluster in=api-extensions
mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster in=api-extensions
mutatingwebhookconfigurations MutatingWebhookConfiguration cluster in=api-extensions
validatingadmissionpolicies ValidatingAdmissionPolicy cluster in=api-extensions +status
validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster in=api-extensions
validatingwebhookconfigurations ValidatingWebhookConfiguration cluster in=api-extensions
[apiextensions.k8s.io/v1]
customresourcedefinitions CustomResourceDefinition cluster short=crd,crds in=api-extensions +status
[scheduling.k8s.io/v1]
priorityclasses PriorityClass cluster short=pc
[coordination.k8s.io/v1]
leases Lease namespaced
[node.k8s.io/v1]
runtimeclasses RuntimeClass cluster
[discovery.k8s.io/v1]
endpointslices EndpointSlice namespaced
[resource.k8s.io/v1]
deviceclasses DeviceClass cluster
resourceclaims ResourceClaim namespaced +status
resourceclaimtemplates ResourceClaimTemplate namespaced
resourceslices ResourceSlice cluster
[flowcontrol.apiserver.k8s.io/v1]
flowschemas FlowSchema cluster +status
prioritylevelconfigurations PriorityLevelConfiguration cluster +status
"""
