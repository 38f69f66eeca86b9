#!/bin/bash
# Starts MariaDB the way people know the MySQL image: on the first start the root password, a database and a user come
# from MYSQL_* variables, or from the files that MYSQL_*_FILE name.
set -euo pipefail

# setting NAME: the value of NAME, or what the file in NAME_FILE holds.
setting() {
    local file=$1_FILE
    if [[ -n ${!file:-} ]]; then
        cat "${!file}"
    else
        printf '%s' "${!1:-}"
    fi
}

# text VALUE: as a string of SQL.
text() {
    local value=${1//\\/\\\\}
    printf "'%s'" "${value//\'/\'\'}"
}

# name VALUE: as an identifier of SQL.
# shellcheck disable=SC2016  # backticks are SQL's
name() { printf '`%s`' "${1//\`/\`\`}"; }

first_statements() {
    local root database user password
    root=$(setting MYSQL_ROOT_PASSWORD)
    database=$(setting MYSQL_DATABASE)
    user=$(setting MYSQL_USER)
    password=$(setting MYSQL_PASSWORD)
    # The empty data folder has more users without a password: root from other addresses, and the nameless one.
    printf "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"
    printf 'FLUSH PRIVILEGES;\n'
    printf 'ALTER USER root@localhost IDENTIFIED BY %s;\n' "$(text "$root")"
    printf "CREATE USER IF NOT EXISTS root@'%%' IDENTIFIED BY %s;\n" "$(text "$root")"
    printf "GRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\n"
    if [[ -n $database ]]; then
        printf 'CREATE DATABASE IF NOT EXISTS %s;\n' "$(name "$database")"
    fi
    if [[ -n $user ]]; then
        printf "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s;\n" "$(text "$user")" "$(text "$password")"
        if [[ -n $database ]]; then
            printf "GRANT ALL ON %s.* TO %s@'%%';\n" "$(name "$database")" "$(text "$user")"
        fi
    fi
}

case ${1:-} in
    '' | -*) set -- mysqld "$@" ;;
esac
if [[ $1 != mysqld && $1 != mariadbd ]]; then
    exec "$@"
fi
shift

# Options that only the real server knows are passed over.
options=()
for option; do options+=("${option/#--/--loose-}"); done

if [[ ! -d /var/lib/mysql/mysql ]]; then
    if [[ -z $(setting MYSQL_ROOT_PASSWORD)${MYSQL_ALLOW_EMPTY_PASSWORD:-}${MYSQL_RANDOM_ROOT_PASSWORD:-} ]]; then
        echo '[ERROR] the database has no data yet and no password is given: set MYSQL_ROOT_PASSWORD,' \
            'MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD' >&2
        exit 1
    fi
    if [[ -n ${MYSQL_RANDOM_ROOT_PASSWORD:-} && -z $(setting MYSQL_ROOT_PASSWORD) ]]; then
        MYSQL_ROOT_PASSWORD=$(tr -dc 'a-zA-Z0-9' </dev/urandom | head -c 24 || true)
        echo "[Note] root password: $MYSQL_ROOT_PASSWORD" >&2
    fi
    cp -a /usr/local/share/mysql-empty/. /var/lib/mysql/
    # Stays until the server has run once, so that a first start that was cut short is done again.
    first_statements >/var/lib/mysql/first.sql
    chown mysql:mysql /var/lib/mysql /var/lib/mysql/first.sql
fi
install -d -o mysql -g mysql /run/mysqld
if [[ -e /var/lib/mysql/first.sql ]]; then
    options+=(--init-file=/var/lib/mysql/first.sql)
    (
        # Forgets the statements, which hold passwords, as soon as the server has taken them.
        until mariadb-admin --socket=/run/mysqld/mysqld.sock ping >/dev/null 2>&1; do sleep 0.2; done
        rm -f /var/lib/mysql/first.sql
    ) &
fi
exec mariadbd "${options[@]}"
