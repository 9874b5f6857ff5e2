b() { printf '%s' "$1" | base64 -w0; }
txn="{\"compare\":[{\"key\":\"$(b /config/a)\",\"target\":\"VERSION\",\"version\":\"1\"}],\"success\":[{\"request_put\":{\"key\":\"$(b /config/b)\",\"value\":\"$(b two)\"}}]}"
until curl -sf -o /dev/null "$DIRECT/health"; do :; done
curl -s "$URL/v3/kv/put" -d "{\"key\":\"$(b /config/a)\",\"value\":\"$(b 'one "1"')\"}" \
  --next -s "$URL/v3/kv/txn" -d "$txn" \
  --next -s "$URL/v3/kv/range" -d "{\"key\":\"$(b /config/)\",\"range_end\":\"$(b /config0)\"}" \
  --next -s "$URL/v3/kv/deleterange" -d "{\"key\":\"$(b /config/a)\"}" \
  --next -s "$URL/v3/kv/range" -d "{\"key\":\"\"}" \
  --next -s "$URL/v3/auth/authenticate" -d '{"name":"ada","password":"hunter2"}'
