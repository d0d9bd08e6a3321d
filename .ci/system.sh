# Installs what the tests need: a browser, two database servers, Redis, a compiler for SQLite's driver, and the servers
# that examples/fleet starts. Servers that are already running are not configured.

ensure_system() {
  ensure_packages
  ensure_postgresql
  ensure_mariadb
  ensure_redis
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
  [[ -x /usr/sbin/pgbouncer ]] || missing+=(pgbouncer)
  command -v redis-server >/dev/null || missing+=(redis-server)
  if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
}

# wait_for COMMAND…: waits until it succeeds, for half a minute at most.
wait_for() {
  local attempt
  for attempt in {1..60}; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.5
  done
  printf 'Time-out while waiting for: %s\n' "$*" >&2
  return 1
}

postgresql_answers() {
  command -v pg_isready >/dev/null && pg_isready --quiet --host=127.0.0.1
}

can_query_postgresql() {
  psql --host=127.0.0.1 --username=postgres --no-password --tuples-only --command='SELECT version()'
}

ensure_postgresql() {
  if ! postgresql_answers; then
    if ! command -v pg_ctlcluster >/dev/null; then install_packages postgresql; fi
    service postgresql start
    wait_for postgresql_answers
    can_query_postgresql >/dev/null 2>&1 || allow_postgres
  fi
  # The running server may be on another machine; examples/fleet needs the programs here.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install_packages postgresql
  can_query_postgresql
}

# Lets local connections in without a password, on a server that was started for the tests.
allow_postgres() {
  local rules
  rules=$(runuser --user postgres -- psql --tuples-only --no-align --command='SHOW hba_file')
  sed --in-place '1i host all all 127.0.0.1/32 trust' "$rules"
  runuser --user postgres -- psql --quiet --output=/dev/null --command='SELECT pg_reload_conf()'
  wait_for can_query_postgresql
}

# Succeeds also for a server that refuses the user.
mariadb_answers() {
  command -v mysqladmin >/dev/null && mysqladmin --protocol=tcp --host=127.0.0.1 --user=root ping
}

can_query_mariadb() {
  mysql --protocol=tcp --host=127.0.0.1 --user=root \
    --execute='CREATE DATABASE IF NOT EXISTS test; SELECT version()'
}

ensure_mariadb() {
  if ! mariadb_answers >/dev/null 2>&1; then
    if ! command -v mariadbd >/dev/null; then install_packages mariadb-server; fi
    service mariadb start
    wait_for mariadb_answers
    can_query_mariadb >/dev/null 2>&1 || allow_root
  fi
  can_query_mariadb
}

# As above. Initially its root user can connect only by the socket.
allow_root() {
  mysql --user=root --execute="
    ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('');
    CREATE USER IF NOT EXISTS root@127.0.0.1 IDENTIFIED VIA mysql_native_password USING PASSWORD('');
    GRANT ALL PRIVILEGES ON *.* TO root@127.0.0.1 WITH GRANT OPTION"
}

redis_answers() {
  [[ $(redis-cli -h 127.0.0.1 ping) == PONG ]]
}

ensure_redis() {
  if ! redis_answers 2>/dev/null; then
    service redis-server start
    wait_for redis_answers
  fi
}
