# Workers and functions: `storyreel worker`, `storyreel serve --host 0.0.0.0`, and every other command of Storyreel's.
#
#   docker build --tag storyreel .
#   docker run --read-only --tmpfs /tmp:size=1g --cap-drop ALL --security-opt no-new-privileges --stop-timeout 30 \
#     --env-file settings storyreel worker
#
# It runs as user 10001 and writes to /tmp alone: up to eight clips at a time, of 64 MiB at most, and what is made of
# them. Docker counts a tmpfs as memory. Thirty seconds to stop in, for a worker takes up to twenty. There is no
# HEALTHCHECK, which would be one for both: a worker that cannot go on ends, and servers answer
# /functions/v1/health.
#
# For amd64 and arm64: every locked package has a wheel for both (`make wheels`), and nothing is compiled. Whoever
# wants the very same image again names the base by its digest: --build-arg BASE=python@sha256:...
#
# The guide is docs/deploy/containers.md. No image was ever built where this was written: tests/supply/ carries these
# instructions out by itself, in namespaces of the kernel, over the machine's own programs, and makes a video with what
# comes of it. The base, and what docker itself does, it cannot try.

# The Python that the tests run on.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /srv/storyreel
COPY requirements.runtime.lock .
# Only wheels, only with the hashes of the lock, and no pip left behind.
RUN python -m venv --without-pip /opt/storyreel \
 && python -m pip --python /opt/storyreel/bin/python --disable-pip-version-check --no-cache-dir \
      install --root-user-action ignore --only-binary :all: --require-hashes --requirement requirements.runtime.lock
COPY . .
# Readable for all, however narrow the checkout's umask was; compiled, since nobody can write that down later.
RUN chmod -R u=rwX,go=rX . \
 && python -m compileall -q --invalidation-mode unchecked-hash cli functions local pipeline storage \
 && printf '%s\n' '#!/opt/storyreel/bin/python' 'from cli.main import main' 'main()' >/opt/storyreel/bin/storyreel \
 && chmod 755 /opt/storyreel/bin/storyreel

FROM ${BASE}
COPY --from=build /opt/storyreel /opt/storyreel
COPY --from=build /srv/storyreel /srv/storyreel
ENV PATH=/opt/storyreel/bin:$PATH \
    PYTHONPATH=/srv/storyreel \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/storyreel
USER 10001:10001
EXPOSE 54321
STOPSIGNAL SIGTERM
ENTRYPOINT ["storyreel"]
CMD ["--help"]
