user='X-ClickHouse-User: ada'
key='X-ClickHouse-Key: hunter2'
curl -s "$URL/" -H "$user" -H "$key" --data-binary 'CREATE TABLE users (id UInt32, email String) ENGINE = Memory' \
  --next -s "$URL/?query=INSERT+INTO+users+FORMAT+TabSeparated" -H "$user" -H "$key" -H 'Content-Type: text/plain' --data-binary '1	ada@example.com
2	eve@example.com
' \
  --next -s "$URL/?database=default" -H "$user" -H "$key" --data-binary 'SELECT id, email FROM users ORDER BY id FORMAT JSON' \
  --next -s "$URL/?user=ada&password=hunter2&query=SELECT+email+FROM+users+WHERE+id%3D1" \
  --next -s "$URL/" -H "$user" -H "$key" --data-binary 'SELECT * FROM nothing' \
  --next -s "$URL/" -H "$user" -H "$key" --data-binary 'SELECT number FROM system.numbers LIMIT 3' \
  --next -s "$URL/ping"
