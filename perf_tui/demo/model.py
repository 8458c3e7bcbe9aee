"""`python -m perf_tui.demo.model FOLDER PORT`: a tiny model with random weights, served by llama.cpp's own HTTP server.

The model is written on the spot: a few layers, a vocabulary of single bytes and a few words. What it
answers means nothing; how it is served is real.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from pathlib import Path
from typing import Any

from perf_tui.demo import leash

NAME = "tiny"
CONTEXT = 4096
"""Tokens that the model can take in."""
BATCH = 128
"""Tokens of prompts that are read at a time; between two such steps the server says how it is."""
CACHE_MIB = 64
"""Memory for prompts that have left their slots; llama.cpp takes up to 8 GiB by itself."""
WIDTH, LAYERS, HEADS, HIDDEN = 256, 4, 8, 512
WORDS = ["▁", "▁the", "▁a", "▁of", "▁it", "e", "t", "a", "o", "n", "."]
NEEDS = ("xllamacpp", "gguf")


def missing() -> str:
    """In one line what to install so that there is a model server; empty where it is there."""
    lacking = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    return (
        f"no model server: {' and '.join(lacking)} missing; pip install 'perf-tui[demo]' brings it" if lacking else ""
    )


def write_model(file: Path) -> None:
    """A llama with random weights, the same each time."""
    import gguf
    import numpy

    specials = ["<unk>", "<s>", "</s>"]
    tokens = [*specials, *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    types += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * len(WORDS)
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_name(NAME)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_token_types([int(kind) for kind in types])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    random = numpy.random.default_rng(7)

    def weights(*shape: int) -> Any:
        return (random.standard_normal(shape) * 0.05).astype(numpy.float32)

    ones = numpy.ones(WIDTH, numpy.float32)
    writer.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", weights(len(tokens), WIDTH))
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(WIDTH, WIDTH))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(HIDDEN, WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", weights(WIDTH, HIDDEN))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(file: Path, port: int, slots: int, *, metrics: bool = True) -> None:
    """Serve it on loopback until the end of the process; the slots share the context."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.model_alias = {NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT
    params.n_parallel = slots
    params.n_batch = BATCH
    params.cpuparams.n_threads = 1
    params.endpoint_metrics = metrics
    params.endpoint_slots = params.endpoint_props = True
    params.cache_ram_mib = CACHE_MIB
    params.warmup = False
    server = xllamacpp.Server(params)
    while server.listening_address:  # it serves as long as somebody holds it
        time.sleep(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the model is, or is written")
    parser.add_argument("port", type=int)
    parser.add_argument("--slots", type=int, default=2, help="requests that are answered at a time")
    parser.add_argument("--no-metrics", action="store_true")
    chosen = parser.parse_args()
    leash.hold()
    model = chosen.folder / f"{NAME}.gguf"
    if not model.exists():
        half = model.with_suffix(f".{os.getpid()}")
        write_model(half)
        half.replace(model)
    serve(model, chosen.port, chosen.slots, metrics=not chosen.no_metrics)


if __name__ == "__main__":
    main()
