const http2 = require("http2");
const zlib = require("zlib");
const server = http2.createServer({ settings: { enableConnectProtocol: true } });
const json = JSON.stringify({ name: "ada", token: "k-123", note: "x".repeat(200) });
const answers = {
  "/br": (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/json", "content-encoding": "br" });
    stream.end(zlib.brotliCompressSync(json));
  },
  "/hints": (stream) => {
    stream.additionalHeaders({ ":status": 103, link: "</style.css>; rel=preload" });
    stream.respond({ ":status": 200, "content-type": "text/plain" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1a2b", "x-session-token": "s3cr3t-session" }));
    stream.end("a text with hints and trailers\n");
  },
  "/slow": (stream) => {
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    stream.write("the beginning\n");
  },
  "/refused": (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
  "/echo": (stream) => {
    const pieces = [];
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("trailers", (trailers) => (stream.trailed = trailers["x-checksum"]));
    stream.on("end", () => {
      stream.respond({ ":status": 201, "content-type": "application/json" });
      stream.end(JSON.stringify({ bytes: Buffer.concat(pieces).length, trailed: stream.trailed }));
    });
  },
};
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  if (headers[":method"] === "CONNECT") {
    stream.respond({ ":status": headers[":authority"] === "forbidden:1" ? 403 : 200 });
    stream.end("tunnelled");
  } else {
    (answers[headers[":path"]] || ((s) => s.respond({ ":status": 404 }, { endStream: true })))(stream);
  }
});
server.listen(process.argv[1], "127.0.0.1");
