#!/bin/bash
# Fills /var/www/html when WordPress is not there yet, with a configuration that reads WORDPRESS_DB_*, then starts the
# given program.
set -euo pipefail

if [[ ${1:-} == apache2* ]]; then
    cd /var/www/html
    if [[ ! -e index.php || ! -e wp-includes/version.php ]]; then
        echo 'WordPress is not in /var/www/html yet: copying it' >&2
        cp -a /usr/src/wordpress/. .
        chown www-data:www-data .
        echo 'WordPress is there' >&2
    fi
    if ! grep -q "define('AUTH_KEY'" wp-config.php; then
        {
            for key in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
                printf "define('%s', '%s');\n" "$key" "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
            done
        } >keys.tmp
        sed -i -e '/^\/\/ keys$/r keys.tmp' wp-config.php
        rm keys.tmp
    fi
fi
exec "$@"
