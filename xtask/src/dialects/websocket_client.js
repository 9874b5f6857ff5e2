const WebSocket = require("ws");
const options = { perMessageDeflate: { clientNoContextTakeover: true, serverNoContextTakeover: true, threshold: 0 } };
const socket = new WebSocket(`ws://${process.env.ADDRESS}/orders`, options);
const said = ["the first", "the first again", "the first once more"];
socket.on("open", () => socket.send(said[0]));
socket.on("message", () => {
  said.shift();
  if (said.length) socket.send(said[0]);
  else socket.close(1000, "done");
});
