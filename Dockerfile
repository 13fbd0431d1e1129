# Two stages: the first installs and collects, the second carries the result and no compiler or cache.
# The Python packages include PostgreSQL's own pg_dump and pg_restore; nothing is installed from Debian.
FROM python:3.12-slim AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements/base.txt /tmp/base.txt
RUN pip install --require-hashes --only-binary :all: -r /tmp/base.txt
WORKDIR /app
COPY . .
# The key and the addresses are for this one command: settings want them, collecting files does not use them.
RUN HSTW_ENV=production SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    DATABASE_URL=postgres://none@localhost/none REDIS_URL=redis://localhost:6379/0 \
    STATIC_ROOT=/app/staticfiles python manage.py collectstatic --noinput \
 && python -m compileall -q hstw schools pathways goals

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HSTW_ENV=production STATIC_ROOT=/app/staticfiles MEDIA_ROOT=/var/lib/hstw/media
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin hstw \
 && install -d -o hstw -g hstw -m 0700 /var/lib/hstw/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER hstw
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "hstw.wsgi:application"]
