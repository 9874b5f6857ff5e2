cat > config.xml <<END
<yandex><logger><level>none</level></logger><http_port>$PORT</http_port><listen_host>127.0.0.1</listen_host>
<path>$PWD/data/</path><tmp_path>$PWD/tmp/</tmp_path><users_config>users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><mark_cache_size>5368709</mark_cache_size></yandex>
END
user='<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>'
cat > users.xml <<END
<yandex><profiles><default></default></profiles><quotas><default></default></quotas><users>
<default><password></password>$user</default><ada><password>hunter2</password>$user</ada></users></yandex>
END
mkdir -p data tmp
exec clickhouse-server --config-file=config.xml
