"""NVIDIA's management library (NVML): loading it, asking it, and its errors in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeAlias

from perf_tui.engine.source import Failure, SourceAbsent, SourceDenied, SourceError
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.told import Told
from perf_tui.text import clean, decode

LIBRARY = "libnvidia-ml.so.1"

Query: TypeAlias = tuple[Callable[[Any, Any], Any], ...]
"""Functions of the module and a handle that answer one question, for newer drivers first."""

REFUSED = Failure(Status.ABSENT, "the driver refuses the question")
"""The answer to a question that makes no sense for this GPU; also to every question with a handle that is no longer
valid."""

_NO_NUMBER = frozenset((0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF))
"""What NVML writes where it has no value, in 32 and 64 bits."""


class GpuFailed(Exception):  # noqa: N818  (a state of one GPU, not of the program)
    """One GPU does not answer any more; the others may."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why.reason)
        self.why = why


DEVICES = ("nvidiactl", "nvidia0", "nvhost-ctrl", "nvmap", "dxg")
"""What a driver makes in /dev: on servers, on Jetson boards, and in WSL."""


def load(proc: str = "/proc", dev: str = "/dev") -> ModuleType:
    """The module pynvml, where NVIDIA's library can be loaded. Raises SourceAbsent with the reason.

    A machine without a device need not load ctypes and the module: that is 40 ms and 2 MiB.
    """
    driver = f"{proc}/driver/nvidia/version"
    if not any(os.path.exists(path) for path in (driver, *(f"{dev}/{name}" for name in DEVICES))):
        raise SourceAbsent("no NVIDIA driver")
    import ctypes

    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        if os.path.exists(driver):
            raise SourceAbsent(
                f"the NVIDIA driver is loaded, but {LIBRARY} is not here; a container gets it with --gpus all"
            ) from None
        raise SourceAbsent("no NVIDIA driver") from None
    import pynvml

    return pynvml  # type: ignore[no-any-return]


class Driver:
    """An opened NVML. Its methods may hang as long as the driver does."""

    def __init__(self, nvml: ModuleType) -> None:
        """Opens it. Raises SourceError with what is wrong and what mends it."""
        self.nvml = nvml
        self._error: type[Exception] = nvml.NVMLError
        self._older = frozenset((nvml.NVML_ERROR_FUNCTION_NOT_FOUND, nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH))
        self._which: dict[Query, int] = {}
        self._fields = _field_failures(nvml)
        self.not_supported = self._fields[nvml.NVML_ERROR_NOT_SUPPORTED]
        """The answer to what a GPU does not have."""
        self._gpus = _gpu_failures(nvml)
        try:
            nvml.nvmlInit()
        except self._error as error:
            raise self.refusal(error) from None

    def close(self) -> None:
        """Give the library back. Raises NVMLError where the driver is gone."""
        self.nvml.nvmlShutdown()

    def ask(self, query: Query, handle: Any) -> Any:
        """The answer, or a Failure of this question alone.

        Raises GpuFailed where the GPU is lost, SourceError where the driver has to be opened again.
        """
        place = self._which.get(query, 0)
        grown = False
        while True:
            try:
                return query[place](self.nvml, handle)
            except self._error as error:
                code: int = getattr(error, "value", -1)
                if code == self.nvml.NVML_ERROR_INSUFFICIENT_SIZE and not grown:
                    grown = True  # a list became longer between two calls
                    continue
                if code not in self._older or place + 1 >= len(query):
                    return self._failure(code, error)
            except UnicodeDecodeError as error:
                return decode(error.object)  # pynvml decodes before it returns; some drivers give other bytes
            except AttributeError:
                if place + 1 >= len(query):
                    raise
            # A function that this driver, or this version of the module, does not have will not come.
            place += 1
            self._which[query] = place

    def number(self, query: Query, handle: Any) -> Told:
        """An answer that is a number."""
        answer = self.ask(query, handle)
        if isinstance(answer, Failure):
            return answer
        return Failure(Status.ABSENT, "the driver has no value for it") if answer in _NO_NUMBER else float(answer)

    def words(self, query: Query, handle: Any, otherwise: str) -> str:
        """An answer that is a text, safe to show; `otherwise` where there is none."""
        answer = self.ask(query, handle)
        if isinstance(answer, Failure):
            return otherwise
        return (decode(answer) if isinstance(answer, bytes) else clean(str(answer))).strip() or otherwise

    def _failure(self, code: int, error: Exception) -> Failure:
        if code in self._gpus:
            raise GpuFailed(self._gpus[code])
        if code in (
            self.nvml.NVML_ERROR_UNINITIALIZED,
            self.nvml.NVML_ERROR_DRIVER_NOT_LOADED,
            self.nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        ):
            raise self.refusal(error)
        return self._fields.get(code) or Failure(Status.ERROR, f"the driver says: {_text(error)}")

    def refusal(self, error: Exception) -> SourceError:
        """What is wrong with the driver as a whole."""
        nvml, code = self.nvml, getattr(error, "value", -1)
        if code == nvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            return SourceAbsent("no NVIDIA driver")
        if code == nvml.NVML_ERROR_DRIVER_NOT_LOADED:
            return SourceAbsent("the NVIDIA driver is installed, but not loaded")
        if code == nvml.NVML_ERROR_NO_PERMISSION:
            return SourceDenied("no permission to use the NVIDIA driver: /dev/nvidiactl must be readable and writable")
        if code == nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
            return SourceError(
                "the NVIDIA driver and its library are of different versions: "
                "restart perf-tui, and where that does not help reload the driver or restart the machine"
            )
        if code == nvml.NVML_ERROR_UNINITIALIZED:
            return SourceError("the NVIDIA driver was unloaded")
        if code == nvml.NVML_ERROR_UNKNOWN:
            return SourceError("the NVIDIA driver fails with an unknown error; a container may have lost its devices")
        return SourceError(f"the NVIDIA driver says: {_text(error)}")


def _text(error: Exception) -> str:
    try:
        return clean(str(error))
    except Exception:  # NVML is asked for the words, and may not even have those
        return f"error {getattr(error, 'value', '')}"


def _field_failures(nvml: ModuleType) -> dict[int, Failure]:
    """Errors that mean that one question has no answer, and are as they should be."""
    old = Failure(Status.ABSENT, "this driver is too old to tell it")
    none = Failure(Status.ABSENT, "the driver has no value for it")
    return {
        nvml.NVML_ERROR_NOT_SUPPORTED: Failure(Status.ABSENT, "this GPU does not tell it"),
        nvml.NVML_ERROR_NO_PERMISSION: Failure(Status.DENIED, "the driver tells it to root only"),
        nvml.NVML_ERROR_FUNCTION_NOT_FOUND: old,
        nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH: old,
        nvml.NVML_ERROR_NOT_FOUND: none,
        nvml.NVML_ERROR_NO_DATA: none,
        nvml.NVML_ERROR_INVALID_ARGUMENT: REFUSED,
    }


def _gpu_failures(nvml: ModuleType) -> dict[int, Failure]:
    """Errors that mean that a GPU is gone until the library is opened again, or for good."""
    return {
        nvml.NVML_ERROR_GPU_IS_LOST: Failure(
            Status.ERROR, "it is lost: it no longer answers on its bus; the kernel's log says more"
        ),
        nvml.NVML_ERROR_RESET_REQUIRED: Failure(
            Status.ERROR, "it needs a reset: nvidia-smi --gpu-reset, or a restart of the machine"
        ),
        nvml.NVML_ERROR_GPU_NOT_FOUND: Failure(Status.ERROR, "the driver no longer finds it"),
    }
