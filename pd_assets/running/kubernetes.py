"""What a training asks of a Kubernetes cluster: a node of the GPU pool.

The tag is a run's own, and only the Kubernetes launcher reads it; every other launcher leaves it alone. Kubernetes
schedules by the resource, and the toleration opens nodes that are kept for such pods.
"""

# A limit beside each request: that of every run (deploy/kubernetes/values.yaml) is lower.
# https://docs.dagster.io/deployment/oss/deployment-options/kubernetes/customizing-your-deployment
GPU_POD = {
    "dagster-k8s/config": {
        "container_config": {
            "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "16Gi"}, "requests": {"memory": "12Gi"}}
        },
        "pod_spec_config": {
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        },
    }
}
