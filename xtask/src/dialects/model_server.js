const { LLMock } = require("@copilotkit/aimock");
const mock = new LLMock({ port: +process.env.PORT, host: "127.0.0.1" });
// What it answers, by what it is asked.
mock.onMessage("forbidden", { error: { message: "slow down", type: "rate_limit_error", code: "rate_limit_exceeded" }, status: 429 });
mock.onMessage("weather in London", { toolCalls: [{ name: "weather", arguments: '{"city":"London","days":2}' }] });
mock.onMessage("rain", { content: "It will rain in London, and \u201ecats and dogs\u201c is what they say." });
mock.onMessage("And?", { content: "It rains." });
mock.onEmbedding(/.*/, { embedding: [0.5, -0.25, 0.125] });
mock.start();
