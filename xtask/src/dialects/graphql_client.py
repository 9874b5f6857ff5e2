import os
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

client = Client(transport=RequestsHTTPTransport(url=os.environ["URL"] + "/"), fetch_schema_from_transport=False)
with client as session:
    session.execute(gql("{ orders { id } mine: orders(first: 1) { ...Rest } } fragment Rest on Order { city total }"))
    query = gql("query Orders($first: Int, $city: String) { orders(first: $first, city: $city) { id city } users { email } }")
    query.variable_values = {"first": 5, "city": "London"}
    session.execute(query)
    login = gql("mutation Login($user: String!, $password: String!) { login(user: $user, password: $password) { token } }")
    login.variable_values = {"user": "ada", "password": "hunter2"}
    session.execute(login)
    session.execute(gql('mutation { login(user: "ada", password: "hunter2") { token } }'))
    for failing in ('{ order(id: "9") { id } }', "{ nothing }"):
        try:
            session.execute(gql(failing))
        except TransportQueryError:
            pass
