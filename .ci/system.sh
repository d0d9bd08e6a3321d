# What the tests need of the machine: a browser, two database servers, a compiler for SQLite's driver, and what
# examples/fleet starts for itself. What is there already is used as it is; only what this file installs or starts does it configure.

ensure_system() {
  ensure_packages
  ensure_postgresql
  ensure_mariadb
}

install_packages() {
  if ((EUID != 0)); then
    printf 'Missing on this machine: %s. Install it, or run this as root.\n' "$*" >&2
    return 1
  fi
  if [[ -z ${apt_updated:-} ]]; then
    apt-get update --quiet=2
    apt_updated=yes
  fi
  apt-get install --quiet=2 --yes --no-install-recommends "$@"
}

ensure_packages() {
  local missing=()
  [[ -x /usr/bin/chromium ]] || missing+=(chromium)
  command -v git >/dev/null || missing+=(git)
  command -v python3 >/dev/null || missing+=(python3)
  command -v make >/dev/null || missing+=(make)
  command -v g++ >/dev/null || missing+=(g++)
  [[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
  command -v redis-server >/dev/null || missing+=(redis-server)
  if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
}

# wait_for COMMAND…: until it succeeds, for half a minute.
wait_for() {
  local attempt
  for attempt in {1..60}; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.5
  done
  printf 'Waited in vain for: %s\n' "$*" >&2
  return 1
}

postgresql_answers() {
  command -v pg_isready >/dev/null && pg_isready --quiet --host=127.0.0.1
}

postgres_gets_in() {
  psql --host=127.0.0.1 --username=postgres --no-password --tuples-only --command='SELECT version()'
}

ensure_postgresql() {
  if ! postgresql_answers; then
    if ! command -v pg_ctlcluster >/dev/null; then install_packages postgresql; fi
    service postgresql start
    wait_for postgresql_answers
    postgres_gets_in >/dev/null 2>&1 || let_postgres_in
  fi
  # A server that answers may be another machine's; examples/fleet starts one here.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install_packages postgresql
  postgres_gets_in
}

# A server that was started for the tests asks nobody on this machine for a password.
let_postgres_in() {
  local rules
  rules=$(runuser --user postgres -- psql --tuples-only --no-align --command='SHOW hba_file')
  sed --in-place '1i host all all 127.0.0.1/32 trust' "$rules"
  runuser --user postgres -- psql --quiet --output=/dev/null --command='SELECT pg_reload_conf()'
  wait_for postgres_gets_in
}

# Succeeds for a server that refuses the user as well.
mariadb_answers() {
  command -v mysqladmin >/dev/null && mysqladmin --protocol=tcp --host=127.0.0.1 --user=root ping
}

root_gets_in() {
  mysql --protocol=tcp --host=127.0.0.1 --user=root \
    --execute='CREATE DATABASE IF NOT EXISTS test; SELECT version()'
}

ensure_mariadb() {
  if ! mariadb_answers >/dev/null 2>&1; then
    if ! command -v mariadbd >/dev/null; then install_packages mariadb-server; fi
    service mariadb start
    wait_for mariadb_answers
    root_gets_in >/dev/null 2>&1 || let_root_in
  fi
  root_gets_in
}

# As above. At first its root is let in by the socket alone.
let_root_in() {
  mysql --user=root --execute="
    ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('');
    CREATE USER IF NOT EXISTS root@127.0.0.1 IDENTIFIED VIA mysql_native_password USING PASSWORD('');
    GRANT ALL PRIVILEGES ON *.* TO root@127.0.0.1 WITH GRANT OPTION"
}
