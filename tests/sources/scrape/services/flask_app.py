"""A Flask service with prometheus-flask-exporter: `python flask_app.py PORT`."""

import logging
import sys
import time

from flask import Flask, Response
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.serving import WSGIRequestHandler

app = Flask(__name__)
PrometheusMetrics(app, group_by="url_rule")


@app.get("/wait/<int:milliseconds>")
def wait(milliseconds: int) -> Response:
    began = time.monotonic()
    time.sleep(milliseconds / 1000)
    return Response(headers={"X-Took": str(time.monotonic() - began)})


@app.get("/status/<int:code>")
def status(code: int) -> Response:
    return Response(status=code)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
