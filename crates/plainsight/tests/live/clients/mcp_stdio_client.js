// Starts a server of the Model Context Protocol and asks it over its standard input and output; prints what it asked and got.
"use strict";
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { CreateMessageRequestSchema } = require("@modelcontextprotocol/sdk/types.js");

const tell = (operation, target = null, parameters = [], text = null, error = null) =>
  console.log(JSON.stringify({ pid: process.pid, operation, target, parameters, text, error }));

async function call(client, name, given, shown = {}, options = undefined) {
  const got = await client.callTool({ name, arguments: given }, undefined, options);
  const parameters = Object.entries(given).map(([key, value]) => `${key}: ${JSON.stringify(shown[key] ?? value)}`);
  tell("tools/call", name, parameters, got.content[0].text, got.isError ? "isError" : null);
}

async function main() {
  const [command, ...args] = process.argv.slice(2);
  const client = new Client({ name: "asker", version: "0.9" }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, async () => {
    tell("sampling/createMessage");
    return { model: "none", role: "assistant", content: { type: "text", text: "wet" } };
  });
  await client.connect(new StdioClientTransport({ command, args, env: process.env }));
  tell("initialize");
  tell("notifications/initialized");
  await client.listTools();
  tell("tools/list");
  await call(client, "forecast", { city: "London", token: "hunter2" }, { token: "***" });
  await call(client, "forecast", { city: "Atlantis" });
  await call(client, "map", { size: 12500 }, {}, { onprogress: () => tell("notifications/progress") });
  await call(client, "summary", {});
  const stop = new AbortController();
  const forever = client.callTool({ name: "forever", arguments: {} }, undefined, { signal: stop.signal });
  stop.abort("enough");
  await forever.catch(() => tell("tools/call", "forever"));
  tell("notifications/cancelled");
  await client.ping();
  tell("ping");
  await client.close();
}

main();
