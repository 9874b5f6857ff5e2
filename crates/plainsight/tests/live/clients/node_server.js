// A server over TLS, with certificate and key of this folder: prints its port, and of each call that it answered the truth.
const { readFileSync } = require('fs');
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(name));

const server = require('https').createServer({ key, cert }, (request, response) => {
  const { method, url, socket } = request;
  const status = url.startsWith('/small') ? 200 : 404;
  const truth = { pid: process.pid, port: socket.remotePort, method, target: url, status };
  response.writeHead(status);
  response.end('small\n', () => console.log(JSON.stringify(truth)));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
