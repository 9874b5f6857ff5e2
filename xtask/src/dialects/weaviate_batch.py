import http.client, json, os

store = http.client.HTTPConnection(os.environ["ADDRESS"])


def call(method, path, body=None):
    headers = {"content-type": "application/json", "authorization": "Bearer hunter2"}
    store.request(method, path, json.dumps(body) if body else None, headers)
    store.getresponse().read()


vectors = [[((at * 7 + place) % 10) / 10 for place in range(8)] for at in range(3)]
made = [{"class": "Film", "properties": {"title": f"Film {at}"}, "vector": vector} for at, vector in enumerate(vectors)]
call("POST", "/v1/batch/objects", {"objects": made})
where = {"path": ["year"], "operator": "LessThan", "valueInt": 1923}
call("DELETE", "/v1/batch/objects", {"match": {"class": "Film", "where": where}})
call("GET", "/v1/schema/Film")
call("GET", "/v1/objects/Nobody/11111111-2222-3333-4444-555555555550")
