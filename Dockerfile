# The adapter as one image. Without a command it is `adapter run`: web and worker, with SQLite on /data.
#   docker build -t call-adapter . && docker run --rm call-adapter demo
# compose.yaml has web and worker apart, with PostgreSQL. The root may be read-only, with a /tmp that is not.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/adapter
# What is needed before what changes often, so that a change of the code installs nothing anew.
COPY requirements.txt ./
RUN /opt/adapter/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
 && /opt/adapter/bin/pip uninstall -q -y setuptools pip
COPY adapter /app/adapter
RUN /opt/adapter/bin/python -m compileall -q /app

FROM python:3.11-slim-bookworm
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="call-adapter" \
      org.opencontainers.image.description="Puts phone calls from Twilio on the right person's record, through Propexo" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --system --gid 10001 adapter \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin adapter \
 && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=build /opt/adapter /opt/adapter
COPY --from=build /app /app
ENV PATH="/opt/adapter/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL="sqlite:////data/adapter.sqlite3"
WORKDIR /app
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
# A worker alone listens to nothing: compose.yaml takes this away from it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/livez', timeout=4)"]
ENTRYPOINT ["python", "-m", "adapter"]
CMD ["run"]
