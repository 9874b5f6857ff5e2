// Models that answer what they are told to, in the shapes of OpenAI, Anthropic and Gemini, over TLS: FOLDER has its key.
const fs = require("fs"), http = require("http"), https = require("https");
const { LLMock } = require("@copilotkit/aimock");
const folder = process.argv[2];
const mock = new LLMock({ port: 0, host: "127.0.0.1" });
mock.onMessage("forbidden", { error: { message: "slow down", type: "rate_limit_error", code: "rate_limit_exceeded" }, status: 429 });
mock.onMessage("weather", { toolCalls: [{ name: "weather", arguments: '{"city":"London"}' }] });
mock.onMessage("rain", { content: "It will rain in London. ".repeat(400) });
mock.start().then(() => {
  const keys = { key: fs.readFileSync(`${folder}/key.pem`), cert: fs.readFileSync(`${folder}/cert.pem`) };
  const server = https.createServer(keys, (asked, answered) => {
    const inner = http.request(mock.url + asked.url, { method: asked.method, headers: asked.headers }, (said) => {
      answered.writeHead(said.statusCode, said.headers);
      said.pipe(answered);
    });
    asked.pipe(inner);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
});
