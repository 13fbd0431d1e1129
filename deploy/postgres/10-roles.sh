#!/bin/sh
# Run once, when the database's volume is empty: the owner of the tables, and the role the application works as,
# which owns nothing. The owner grants it its rights after each migration.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
     --set owner_password="$HSTW_OWNER_PASSWORD" --set app_password="$HSTW_APP_PASSWORD" <<'SQL'
CREATE ROLE hstw_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE hstw_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE hstw OWNER hstw_owner;
REVOKE ALL ON DATABASE hstw FROM PUBLIC;
GRANT CONNECT ON DATABASE hstw TO hstw_app;
SQL
