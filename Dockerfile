# The API server for compose.yaml, or beside any Neo4j that NEO4J_URI names.

FROM python:3.13-slim AS build
WORKDIR /source
RUN python -m venv /opt/workatlas
COPY requirements.lock ./
RUN /opt/workatlas/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY graph graph
COPY analytics analytics
COPY resolvers resolvers
COPY workatlas workatlas
RUN /opt/workatlas/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home workatlas \
    && install --directory --owner workatlas --mode 0700 /var/lib/workatlas
COPY --from=build /opt/workatlas /opt/workatlas
ENV PATH=/opt/workatlas/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WORKATLAS_HOME=/var/lib/workatlas \
    WORKATLAS_CACHE=/var/lib/workatlas/cache
USER workatlas
WORKDIR /var/lib/workatlas
VOLUME /var/lib/workatlas
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["workatlas"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
