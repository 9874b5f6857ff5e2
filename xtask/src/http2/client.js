// One exchange after the other, each in its own way.
const http2 = require("http2");
const client = http2.connect(process.env.URL);
const ask = (headers, then = (stream) => stream.end()) =>
  new Promise((done) => {
    const stream = client.request(headers, { endStream: false });
    stream.on("error", done);
    stream.on("close", done);
    stream.on("data", (data) => stream.emit("heard", data));
    then(stream);
  });
const post = { ":method": "POST", ":path": "/echo", "content-type": "application/json" };
client.on("remoteSettings", async () => {
  await ask({ ":path": "/hints" });
  await ask({ ":path": "/br", "accept-encoding": "br" });
  await ask(post, (stream) => {
    stream.write('{"user": "ada", ');
    stream.end('"password": "hunter2"}');
  });
  await new Promise((done) => {
    const stream = client.request({ ...post, te: "trailers" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "77" }));
    stream.on("close", done);
    stream.resume();
    stream.end('{"n": 1}');
  });
  await ask({ ":path": "/slow" }, (stream) => stream.on("heard", () => stream.close(http2.constants.NGHTTP2_CANCEL)));
  await ask({ ":path": "/refused" });
  await ask({ ":method": "CONNECT", ":authority": "db.internal:5432" });
  await ask({ ":method": "CONNECT", ":authority": "forbidden:1" });
  await ask({ ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/chat", ":authority": "chat" });
  await ask({ ":path": "/missing" });
  client.close();
});
