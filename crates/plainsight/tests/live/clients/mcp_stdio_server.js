// A server of the Model Context Protocol over standard input and output, which asks its client too.
"use strict";
const { McpServer } = require("@modelcontextprotocol/sdk/server/mcp.js");
const { StdioServerTransport } = require("@modelcontextprotocol/sdk/server/stdio.js");
const { z } = require("zod");

const server = new McpServer({ name: "weather", version: "1.2" });
const text = (text) => ({ content: [{ type: "text", text }] });
server.registerTool("forecast", { inputSchema: { city: z.string(), token: z.string().optional() } }, ({ city }) => {
  if (city === "Atlantis") throw new Error("no such city");
  return text(`rain in ${city}`);
});
server.registerTool("map", { inputSchema: { size: z.number() } }, async ({ size }, { _meta, sendNotification }) => {
  const params = { progressToken: _meta.progressToken, progress: 1, total: 2 };
  await sendNotification({ method: "notifications/progress", params });
  return text("0123456789abcdef".repeat(size));
});
server.registerTool("summary", { inputSchema: {} }, async () => {
  const messages = [{ role: "user", content: { type: "text", text: "Sum the weather up." } }];
  const answer = await server.server.createMessage({ messages, maxTokens: 10 });
  return text(answer.content.text);
});
server.registerTool("forever", { inputSchema: {} }, () => new Promise(() => {}));
server.connect(new StdioServerTransport());
