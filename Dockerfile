# The service alone: analysis, generation, files and the page. Live sound needs the host's JACK, so
# SuperCollider is not in here; /health says so. Run it with compose.yaml.
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY sc sc
RUN python -m venv /opt/scband && /opt/scband/bin/pip install --no-cache-dir .

FROM python:3.12-slim-bookworm
COPY --from=build /opt/scband /opt/scband
RUN groupadd --gid 10001 scband \
    && useradd --uid 10001 --gid scband --home-dir /var/lib/scband --no-create-home scband \
    && install -d -o scband -g scband -m 0700 /var/lib/scband /var/lib/scband/key \
    && install -d -o scband -g scband /music
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SCBAND_HOST=0.0.0.0 \
    SCBAND_STATE_FOLDER=/var/lib/scband/key \
    SCBAND_CACHE=/tmp/scband \
    SCBAND_MONITOR_FOLDER=/music/generated_accompaniments \
    SCBAND_PROJECTS_FOLDER=/music/projects \
    SCBAND_STATUS_FILE=/var/lib/scband/status.json
WORKDIR /music
VOLUME ["/var/lib/scband", "/music"]
USER 10001:10001
EXPOSE 8000 9000 5001
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/opt/scband/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["/opt/scband/bin/scband"]
CMD ["serve"]
