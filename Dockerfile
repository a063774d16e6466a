# One image for the web server, the reconciler and migrations: the command decides.
#   docker run … slipway                      the portal (ASGI)
#   docker run … slipway manage.py reconcile  the reconciler
#   docker run … slipway manage.py migrate    the migrations

FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SLIPWAY_STATE_DIR=/var/lib/slipway SLIPWAY_STATIC_ROOT=/app/staticfiles SLIPWAY_STATIC_COLLECTED=1
RUN useradd --system --uid 10001 --home-dir /var/lib/slipway --create-home slipway
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py pyproject.toml ./
COPY portal portal
COPY contracts contracts
COPY catalog catalog
COPY reconciler reconciler
COPY devcluster devcluster
COPY templates templates
COPY static static
COPY --from=assets /build/static/dist static/dist
# The key is for this command alone; without one, it would make a key and leave it in the image.
RUN SECRET_KEY=only-to-collect python manage.py collectstatic --noinput
USER 10001
EXPOSE 8000
ENTRYPOINT ["python"]
CMD ["-m", "uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-proxy-headers", "--timeout-graceful-shutdown", "10"]
