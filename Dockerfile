# An image of the wheels in dist/, with nothing of the checkout. Any builder takes it, the one before BuildKit too:
#
#     make dist && docker build -t apispy .
#
# PYTHON is an image with Python 3.12 or newer and its module venv. Where dist/wheelhouse has all packages, made by
# `pip download -d dist/wheelhouse dist/*.whl`, the build needs no network.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
COPY dist/ /dist/
# pip stays outside of the environment that becomes the image.
RUN if [ -d /dist/wheelhouse ]; then set -- --no-index --find-links /dist/wheelhouse; fi; \
    python3 -m venv /pip && python3 -m venv --without-pip /opt/apispy && mkdir /home/apispy && \
    /pip/bin/pip --python /opt/apispy/bin/python3 install --quiet --no-cache-dir "$@" /dist/*.whl

FROM ${PYTHON}
COPY --from=build /opt/apispy /opt/apispy
# Certificates and saved names are kept here: mount a volume to keep them.
COPY --from=build --chown=10001:10001 /home/apispy /home/apispy
ENV HOME=/home/apispy PATH=/opt/apispy/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
# Not root: `--group-add` gives it the group of Docker's socket.
USER 10001:10001
ENTRYPOINT ["/opt/apispy/bin/apispy"]
