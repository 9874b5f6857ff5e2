"""A session of STOMP 1.1 or 1.2, as VERSION says."""


def named(message):
    """How an acknowledgement names a message: since 1.2 by what its header says, before by its number and subscription."""
    return [message.headers["ack"]] if VERSION == 12 else [message.headers["message-id"], "sub-1"]


connection = getattr(stomp, f"Connection{VERSION}")([("127.0.0.1", int(os.environ["PORT"]))], heartbeats=(0, 0), vhost="/")
connection.set_listener("", heard)
connection.connect("ada", "tulip-cleartext", wait=True)
connection.subscribe("/queue/orders", id="sub-1", ack="client-individual", headers={"receipt": "r-1"})
heard.next()
connection.send(
    "/queue/orders", '{"order":1,"email":"ada@example.com"}', content_type="application/json",
    headers={"receipt": "r-2", "correlation-id": "c-1", "persistent": "true", "trace": "00-4bf92f", "api_key": "k-123"})
message = heard.message()
connection.ack(*named(message), receipt="r-3")
heard.next()
connection.begin("t-1")
connection.send("/queue/orders", "in a transaction", transaction="t-1")
connection.commit("t-1", headers={"receipt": "r-4"})
message = heard.message()
connection.nack(*named(message), receipt="r-5")
heard.next()
connection.begin("t-2")
connection.send("/queue/orders", "never said", transaction="t-2")
connection.abort("t-2", headers={"receipt": "r-6"})
heard.next()
connection.unsubscribe("sub-1", headers={"receipt": "r-7"})
heard.next()
connection.disconnect("r-8")
