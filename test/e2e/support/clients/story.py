"""What a program in Python does with a cluster: makes a Deployment, follows its pods, looks into them, and cleans up.

Argument: path of a kubeconfig. Prints one JSON object with what it saw.
"""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

config.load_kube_config(sys.argv[1])
core, apps = client.CoreV1Api(), client.AppsV1Api()
namespace = "python"
labels = {"app": "web"}
saw = {}

core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=namespace)))
script = "echo started; while :; do sleep 1; done"
container = client.V1Container(name="web", image="machine", command=["sh", "-c", script])
template = client.V1PodTemplateSpec(
    metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container], termination_grace_period_seconds=0)
)
spec = client.V1DeploymentSpec(replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template)
apps.create_namespaced_deployment(
    namespace, client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)
)

ready = set()
for event in watch.Watch().stream(core.list_namespaced_pod, namespace, label_selector="app=web", timeout_seconds=60):
    pod = event["object"]
    if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or []):
        ready.add(pod.metadata.name)
    if len(ready) == 2:
        break
saw["ready"] = len(ready)

name = sorted(ready)[0]
answer = stream(
    core.connect_get_namespaced_pod_exec,
    name,
    namespace,
    command=["sh", "-c", "echo out; echo err >&2; exit 7"],
    stderr=True,
    stdin=False,
    stdout=True,
    tty=False,
    _preload_content=False,
)
answer.run_forever(timeout=30)
saw["exec"] = {"stdout": answer.read_stdout(), "stderr": answer.read_stderr(), "code": answer.returncode}
saw["log"] = core.read_namespaced_pod_log(name, namespace)

apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 1}})
saw["scale"] = apps.read_namespaced_deployment_scale("web", namespace).spec.replicas

for index in range(5):
    core.create_namespaced_config_map(
        namespace, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"c{index}", labels={"page": "yes"}), data={"n": str(index)})
    )
pages, token = [], None
while token != "":
    page = core.list_namespaced_config_map(namespace, label_selector="page=yes", limit=2, _continue=token)
    pages.append([item.metadata.name for item in page.items])
    token = page.metadata._continue or ""
saw["pages"] = pages

stale = core.read_namespaced_config_map("c0", namespace)
core.patch_namespaced_config_map("c0", namespace, {"data": {"n": "other"}})
stale.data = {"n": "stale"}
try:
    core.replace_namespaced_config_map("c0", namespace, stale)
except ApiException as error:
    saw["conflict"] = [error.status, json.loads(error.body)["reason"]]
try:
    core.read_namespaced_config_map("missing", namespace)
except ApiException as error:
    saw["missing"] = [error.status, json.loads(error.body)["reason"]]

version = client.VersionApi().get_code()
saw["version"] = [version.major, version.minor]
# From before, since it may be gone by the time somebody watches.
before = core.read_namespace(namespace).metadata.resource_version
core.delete_namespace(namespace, propagation_policy="Foreground")
for event in watch.Watch().stream(
    core.list_namespace, field_selector=f"metadata.name={namespace}", resource_version=before, timeout_seconds=60
):
    if event["type"] == "DELETED":
        saw["deleted"] = True
        break
print(json.dumps(saw))
