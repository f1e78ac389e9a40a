# One image for hub and node; the command says which. Built from the locked wheels, runs as nobody in particular, writes
# to /data only. Give the base image by digest in production: --build-arg PYTHON=python:3.11-slim-bookworm@sha256:…
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/serai
COPY deploy/requirements.lock /tmp/requirements.lock
RUN /opt/serai/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r /tmp/requirements.lock
WORKDIR /opt/source
COPY pyproject.toml ./
COPY tools/link.py tools/
COPY crypto crypto/
COPY schemas schemas/
COPY audit audit/
COPY exchange exchange/
COPY nodes nodes/
COPY serai serai/
RUN /opt/serai/bin/python tools/link.py && /opt/serai/bin/python -m compileall -q /opt/source

FROM ${PYTHON}
# what a PDF is made with; without these libraries a node works, and its pages are printed by the browser
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 serai \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin serai \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/serai /opt/serai
COPY --from=build /opt/source /opt/source
ENV PATH=/opt/serai/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["serai"]
CMD ["--help"]
