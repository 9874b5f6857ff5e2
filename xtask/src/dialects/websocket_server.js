const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: +process.env.PORT, perMessageDeflate: { threshold: 0 } });
server.on("connection", (socket) => socket.on("message", (said, binary) => socket.send(said, { binary })));
