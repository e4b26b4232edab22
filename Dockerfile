# Two images: `docker build --target central .` and `docker build --target station .`; compose.yaml runs both.
# No step depends on the processor: `docker buildx build --platform linux/amd64,linux/arm64 --target central .`
ARG PYTHON=3.14

FROM python:${PYTHON}-slim AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY LICENSE MANIFEST.in README.md pyproject.toml setup.py ./
COPY ocpp_fast ocpp_fast
COPY ocpp_fast_ext ocpp_fast_ext
RUN python -m venv /opt/ocpp_fast \
    && OCPP_FAST_BUILD_EXT=yes /opt/ocpp_fast/bin/pip install --no-cache-dir '.[cluster,signing,speed]'

FROM python:${PYTHON}-slim AS base
RUN useradd --uid 10001 --no-create-home --no-log-init --shell /usr/sbin/nologin ocpp
COPY --from=build /opt/ocpp_fast /opt/ocpp_fast
ENV PATH=/opt/ocpp_fast/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["ocpp-fast"]

FROM base AS station
CMD ["station", "--help"]

# Passwords are mounted, a line identity:password for each station. --no-auth=anywhere instead lets everyone in.
FROM base AS central
EXPOSE 8887
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8887/healthz', timeout=2)"]
CMD ["serve", "--host", "0.0.0.0", "--auth-file", "/run/secrets/passwords"]
