// Trailers, early hints, 100 Continue, uploads in chunks, and tunnels.
const http = require('http');
const net = require('net');

const server = http.createServer((request, response) => {
  let bytes = 0;
  request.on('data', (data) => { bytes += data.length; });
  request.on('end', () => {
    if (request.url === '/trailers') {
      response.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'X-Checksum, X-Auth-Token' });
      response.write('one\n');
      setTimeout(() => {
        response.write('two\n');
        response.addTrailers({ 'X-Checksum': 'abc', 'X-Auth-Token': 'hidden-token' });
        response.end();
      }, 20);
    } else if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</s.css>; rel=preload' });
      response.end('ok');
    } else {
      response.writeHead(201, { 'Content-Type': 'application/json', Server: 'node' });
      response.end(JSON.stringify({ bytes }));
    }
  });
});
server.on('connect', (request, client) => {
  const [host, port] = request.url.split(':');
  const origin = net.connect(port, host, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(origin).pipe(client);
  });
});
server.listen(Number(process.argv.at(-1)), '127.0.0.1');
