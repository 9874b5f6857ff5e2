"""Asks a shop's GraphQL over TLS; prints what it asked and got."""

import json
import os
import sys

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport
from graphql import print_ast

url, certificate = sys.argv[1:]
asked = [
    ("query", "query Orders($first: Int!) { orders(first: $first, city: \"Paris\") { id city } }", {"first": 3}),
    ("mutation", "mutation ($password: String!) { login(user: \"ada\", password: $password) { token } }", {"password": "hunter2"}),
    ("mutation", "mutation { login(user: \"ada\", password: \"hunter2\") { token } }", {}),
    ("query", "{ order(id: 9) { id } }", {}),
]
with Client(transport=RequestsHTTPTransport(url=url, verify=certificate)) as session:
    for operation, document, variables in asked:
        request = gql(document)
        request.variable_values = variables
        error = None
        try:
            session.execute(request)
        except TransportQueryError as refused:
            error = refused.errors[0]["message"]
        statement = print_ast(request.document).replace("hunter2", "***")
        parameters = [f"{name}: {json.dumps(value)}".replace("hunter2", "***") for name, value in variables.items()]
        field = statement.split("{", 1)[1].split("(")[0].strip()
        told = {"pid": os.getpid(), "operation": operation, "statement": statement, "parameters": parameters}
        print(json.dumps({**told, "target": field, "error": error}))
