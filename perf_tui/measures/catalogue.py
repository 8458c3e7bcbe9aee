"""The one table of measures: what the screens, rules, exports, help and documentation are made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of number. `warning` and `critical` are the limits by which screens colour it, or None."""

    id: str
    unit: str
    """UCUM code: ratio (0..1), By, By/s, 1, 1/s, s, Cel, W."""
    title: str
    """The few words that a row or column is headed with."""
    meaning: str
    labels: tuple[str, ...] = ()
    warning: float | None = None
    critical: float | None = None

    @property
    def layer(self) -> str:
        """app, system, ai (with gpu), workers or self."""
        head = self.id.partition(".")[0]
        return {"gpu": "ai", "worker": "workers"}.get(head, head)

    def level(self, number: float) -> str:
        """`critical`, `warning` or `ok`, by this measure's own limits."""
        if self.critical is not None and number >= self.critical:
            return "critical"
        if self.warning is not None and number >= self.warning:
            return "warning"
        return "ok"


_SERVICE = ("service",)
_STAT = ("service", "stat")
_ENGINE = ("engine", "model")
_ENGINE_STAT = ("engine", "model", "stat")
_GPU = ("gpu", "name")
_DEVICE = ("device",)
_MOUNT = ("mount",)
_INTERFACE = ("interface",)
_STALL = ("resource", "stat")
_WORKER = ("worker",)

_ALL = (
    # application
    Measure("app.request.rate", "1/s", "requests", "Requests per second", _SERVICE),
    Measure("app.request.duration", "s", "latency", "Time to answer a request, over the window", _STAT),
    Measure("app.request.active", "1", "in flight", "Requests in flight: concurrency", _SERVICE),
    Measure("app.error.client", "ratio", "4xx", "Share of requests that are the client's fault", _SERVICE, 0.05, 0.15),
    Measure("app.error.server", "ratio", "5xx", "Share of requests that failed in the server", _SERVICE, 0.05, 0.15),
    Measure("app.error.timeout", "ratio", "timeouts", "Share of requests that timed out", _SERVICE, 0.05, 0.15),
    Measure("app.error.total", "ratio", "errors", "Share of requests with any error", _SERVICE, 0.05, 0.15),
    Measure("app.task.rate", "1/s", "tasks", "Tasks finished per second", _SERVICE),
    Measure("app.task.completion", "ratio", "completion", "Tasks done / (done + failed) in the window", _SERVICE),
    # system
    Measure("system.cpu.utilization", "ratio", "CPU", "Share of CPU time not idle, whole machine", (), 0.70, 0.90),
    Measure("system.cpu.idle", "ratio", "idle", "Share of CPU time idle", ()),
    Measure("system.cpu.iowait", "ratio", "iowait", "Share of CPU time idle with I/O outstanding", (), 0.20, 0.50),
    Measure("system.cpu.steal", "ratio", "steal", "Share of CPU time taken by the hypervisor", (), 0.10, 0.30),
    Measure("system.cpu.core.utilization", "ratio", "core", "Share of one core's time not idle", ("cpu",), 0.70, 0.90),
    Measure("system.load", "1", "load", "Tasks running or waiting for CPU or disk, decaying average", ("period",)),
    Measure("system.memory.total", "By", "memory", "Physical memory, or the cgroup's limit", ()),
    Measure("system.memory.used", "By", "used", "Memory that is not available to new programs", ()),
    Measure("system.memory.available", "By", "available", "Memory that programs can get without swapping", ()),
    Measure("system.memory.cached", "By", "cached", "Page cache and reclaimable slabs", ()),
    Measure("system.memory.buffers", "By", "buffers", "Block device buffers", ()),
    Measure("system.memory.utilization", "ratio", "memory", "used / total", (), 0.70, 0.90),
    Measure("system.swap.total", "By", "swap", "Swap space", ()),
    Measure("system.swap.used", "By", "swap used", "Swap in use", ()),
    Measure("system.swap.utilization", "ratio", "swap", "used / total; 0 without swap space", (), 0.50, 0.90),
    Measure("system.disk.read", "By/s", "read", "Bytes read per second", _DEVICE),
    Measure("system.disk.write", "By/s", "write", "Bytes written per second", _DEVICE),
    Measure("system.disk.read_ops", "1/s", "reads", "Read operations finished per second", _DEVICE),
    Measure("system.disk.write_ops", "1/s", "writes", "Write operations finished per second", _DEVICE),
    Measure("system.disk.busy", "ratio", "disk busy", "Share of time with I/O in progress", _DEVICE, 0.80, 0.95),
    Measure("system.filesystem.used", "By", "used", "Bytes used", _MOUNT),
    Measure("system.filesystem.total", "By", "size", "Bytes in all", _MOUNT),
    Measure(
        "system.filesystem.utilization", "ratio", "full", "used / (used + free to users), as df", _MOUNT, 0.85, 0.95
    ),
    Measure("system.network.receive", "By/s", "receive", "Bytes received per second", _INTERFACE),
    Measure("system.network.transmit", "By/s", "transmit", "Bytes sent per second", _INTERFACE),
    Measure(
        "system.network.utilization", "ratio", "link", "The busier direction / the link's speed", _INTERFACE, 0.70, 0.90
    ),
    Measure("system.network.connections", "1", "connections", "TCP sockets by state, and UDP sockets", ("state",)),
    Measure("system.network.loss", "ratio", "loss", "(dropped + errors) / packets", _INTERFACE, 0.001, 0.01),
    Measure("system.network.retransmits", "ratio", "retransmits", "TCP segments retransmitted / sent", (), 0.01, 0.05),
    Measure(
        "system.pressure", "ratio", "pressure", "Share of 10 s that tasks stalled for want of it", _STALL, 0.20, 0.50
    ),
    # AI
    Measure("gpu.utilization", "ratio", "GPU", "Share of time with a kernel running", _GPU, 0.80, 0.95),
    Measure("gpu.memory.used", "By", "GPU memory used", "Device memory in use", _GPU),
    Measure("gpu.memory.total", "By", "GPU memory", "Device memory in all", _GPU),
    Measure("gpu.memory.utilization", "ratio", "GPU memory", "used / total", _GPU, 0.80, 0.95),
    Measure("gpu.temperature", "Cel", "temperature", "Temperature of the chip", _GPU),
    Measure("gpu.power", "W", "power", "Power drawn", _GPU),
    Measure("gpu.power.limit", "W", "power limit", "Power that the board may draw", _GPU),
    Measure("ai.tokens.generation", "1/s", "tokens out", "Tokens generated per second", _ENGINE),
    Measure("ai.tokens.prompt", "1/s", "tokens in", "Prompt tokens processed per second", _ENGINE),
    Measure("ai.latency.ttft", "s", "TTFT", "Time to the first token", _ENGINE_STAT),
    Measure("ai.latency.itl", "s", "ITL", "Time between tokens", _ENGINE_STAT),
    Measure("ai.latency.e2e", "s", "end to end", "Time of a whole request", _ENGINE_STAT),
    Measure("ai.latency.queue", "s", "queue time", "Time a request waits before it runs", _ENGINE_STAT),
    Measure("ai.requests.running", "1", "running", "Requests in the batch", _ENGINE),
    Measure("ai.requests.waiting", "1", "waiting", "Requests in the queue", _ENGINE),
    Measure("ai.requests.preempted", "1/s", "preempted", "Requests pushed out of the batch per second", _ENGINE),
    Measure("ai.requests.failed", "1/s", "failed", "Requests failed per second", _ENGINE),
    Measure("ai.batch.size", "1", "batch", "Sequences in the batch", _ENGINE),
    Measure("ai.batch.efficiency", "ratio", "batch fill", "Sequences in the batch / the most that fit", _ENGINE),
    Measure("ai.kv_cache.utilization", "ratio", "KV cache", "KV cache in use", _ENGINE, 0.90, 0.98),
    Measure("ai.context.utilization", "ratio", "context", "Used share of the context window", _ENGINE, 0.80, 0.95),
    Measure("ai.context.limit", "1", "context limit", "Size of the context window in tokens", _ENGINE),
    Measure("ai.cache.hit", "ratio", "cache hit", "Prefix cache: hit tokens / queried tokens in the window", _ENGINE),
    Measure("ai.spec.acceptance", "ratio", "accepted", "Speculative decoding: drafted tokens accepted", _ENGINE),
    Measure("ai.quality.score", "1", "quality", "Mean evaluation score in the window", (*_ENGINE, "name")),
    Measure("ai.quality.drift", "1", "drift", "Mean score minus that of the baseline", (*_ENGINE, "name")),
    # workers
    Measure("workers.active", "1", "workers active", "Workers alive and accepting", ()),
    Measure("workers.processing", "1", "workers busy", "Workers with a task", ()),
    Measure("workers.waiting", "1", "workers waiting", "Workers alive, idle or queued", ()),
    Measure("workers.error", "1", "workers in error", "Workers dead, failing or restarting", ()),
    Measure("workers.stale", "1", "workers stale", "Workers not heard of for two intervals", ()),
    Measure("worker.cpu", "ratio", "CPU", "CPU time of the worker, of one core", _WORKER),
    Measure("worker.memory", "By", "memory", "Resident memory of the worker", _WORKER),
    Measure("worker.gpu_memory", "By", "GPU memory", "Device memory of the worker", _WORKER),
    Measure("worker.threads", "1", "threads", "Threads of the worker", _WORKER),
    Measure(
        "worker.files", "1", "files", "Open file descriptors of the worker's process, while its screen is open", _WORKER
    ),
    Measure("worker.io.read", "By/s", "disk read", "Bytes that the worker reads from storage per second", _WORKER),
    Measure("worker.io.write", "By/s", "disk write", "Bytes that the worker writes to storage per second", _WORKER),
    Measure("worker.tokens.rate", "1/s", "tokens out", "Tokens per second that models write for the worker", _WORKER),
    Measure("worker.tasks.duration", "s", "task time", "What its recent tasks took", (*_WORKER, "stat")),
    Measure("worker.tasks.rate", "1/s", "tasks", "Tasks finished per second", _WORKER),
    Measure("worker.tasks.completed", "1", "done", "Tasks done", _WORKER),
    Measure("worker.tasks.failed", "1", "failed", "Tasks failed", _WORKER),
    Measure("worker.uptime", "s", "uptime", "Time since the worker started", _WORKER),
    # the monitor itself
    Measure("self.cpu", "ratio", "own CPU", "CPU time of perf-tui, of one core", (), 0.10, 0.50),
    Measure("self.memory", "By", "own memory", "Resident memory of perf-tui", ()),
    Measure("self.tick.duration", "s", "tick", "Time from the beginning of a tick to its snapshot", ()),
    Measure("self.source.duration", "s", "source", "Time that a source took to read", ("source",)),
    Measure(
        "self.handler.failures",
        "1",
        "failed sends",
        "Deliveries of alerts by a handler that failed one after the other",
        ("handler",),
    ),
)

CATALOGUE: dict[str, Measure] = {measure.id: measure for measure in _ALL}

SHORT_NAMES: dict[str, tuple[str, dict[str, str]]] = {
    "cpu_percent": ("system.cpu.utilization", {}),
    "memory_percent": ("system.memory.utilization", {}),
    "swap_percent": ("system.swap.utilization", {}),
    "disk_usage": ("system.filesystem.utilization", {"mount": "/"}),
    "gpu_usage": ("gpu.utilization", {}),
    "gpu_memory": ("gpu.memory.utilization", {}),
    "active_workers": ("workers.active", {}),
    "completed_tasks": ("worker.tasks.completed", {}),
    "error_rate": ("app.error.total", {}),
}
"""Names that rules and command lines accept as well, with the labels that they stand for. Ratios are in percent."""

WORKERS_WARNING, WORKERS_CRITICAL = 6 / 8, 4 / 8
"""Fewer than this share of the expected workers warns, or is critical."""
