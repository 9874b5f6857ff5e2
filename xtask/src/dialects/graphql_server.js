const { ApolloServer } = require("@apollo/server");
const { startStandaloneServer } = require("@apollo/server/standalone");
const { GraphQLError } = require("graphql");
const typeDefs = `#graphql
  type Query { orders(first: Int = 10, city: String): [Order!]!  order(id: ID!): Order  users: [User!]! }
  type Mutation { login(user: String!, password: String!): Session!  buy(item: BuyInput!): Order! }
  type Order { id: ID! city: String! total: Float! }
  type User { name: String! email: String! }
  type Session { token: String! }
  input BuyInput { article: String! count: Int! }
`;
const orders = [{ id: "1", city: "London", total: 9.5 }, { id: "2", city: "Paris", total: 12 }];
const resolvers = {
  Query: {
    orders: (_, { first, city }) => orders.filter((o) => !city || o.city === city).slice(0, first),
    order: (_, { id }) => {
      const order = orders.find((o) => o.id === id);
      if (!order) throw new GraphQLError(`no order ${id}`, { extensions: { code: "NOT_FOUND" } });
      return order;
    },
    users: () => [{ name: "Ada", email: "ada@example.com" }],
  },
  Mutation: {
    login: (_, { password }) => ({ token: "hunter2-" + password }),
    buy: (_, { item }) => ({ id: "3", city: "Rome", total: item.count }),
  },
};
const server = new ApolloServer({ typeDefs, resolvers, allowBatchedHttpRequests: true, includeStacktraceInErrorResponses: false });
const http = require("http"), http2 = require("http2");
if (process.argv.includes("http2")) {
  // Apollo has no HTTP/2 of its own: as behind any gateway, what speaks it passes requests on.
  startStandaloneServer(server, { listen: { host: "127.0.0.1", port: 0 } }).then(({ url }) => {
    http2.createServer((asked, answered) => {
      const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !name.startsWith(":")));
      asked.pipe(http.request(url + asked.url.slice(1), { method: asked.method, headers }, (inner) => {
        delete inner.headers.connection;
        delete inner.headers["keep-alive"];
        delete inner.headers["content-length"];
        answered.writeHead(inner.statusCode, inner.headers);
        inner.pipe(answered);
      }));
    }).listen(+process.env.PORT, "127.0.0.1");
  });
} else {
  startStandaloneServer(server, { listen: { host: "127.0.0.1", port: +process.env.PORT } });
}
