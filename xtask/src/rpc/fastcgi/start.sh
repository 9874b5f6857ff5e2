# PHP's server in this folder alone, whatever its version is.
exec "$(ls /usr/sbin/php-fpm* | tail -1)" --nodaemonize --allow-to-run-as-root --prefix "$PWD" --fpm-config "$PWD/php-fpm.conf"
