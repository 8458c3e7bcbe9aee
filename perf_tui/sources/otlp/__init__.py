"""OTLP: what programs push over HTTP or gRPC, and what becomes of it. Nothing of it is forwarded."""
