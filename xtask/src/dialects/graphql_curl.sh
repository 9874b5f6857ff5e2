json='Content-Type: application/json'
hash=$(printf '{ users { name } }' | sha256sum | cut -d' ' -f1)
apq="{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"$hash\"}}"
curl -s --get "$URL/" -H "$json" --data-urlencode 'query=query One($id: ID!) { order(id: $id) { total } }' --data-urlencode 'variables={"id":"1"}' \
  --next -s "$URL/" -H "$json" -d '[{"query":"{ users { name } }"},{"operationName":"B","query":"query A { orders { id } } mutation B($item: BuyInput!) { buy(item: $item) { id } }","variables":{"item":{"article":"tea","count":2}}}]' \
  --next -s "$URL/" -H "$json" -d "$apq}" \
  --next -s "$URL/" -H "$json" -d "$apq,\"query\":\"{ users { name } }\"}" \
  --next -s "$URL/" -H "$json" -d "$apq}" \
  --next -s "$URL/" -H "$json" -d '{"query":"query by example"}' \
  --next -s "$URL/" -H "$json" -d '{"name":"no query at all"}'
