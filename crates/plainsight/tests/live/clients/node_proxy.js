// A server over TLS, with certificate and key of this folder, that asks the one on the given port before it answers: prints
// its port, and of each call that it made the truth.
const { readFileSync } = require('fs');
const https = require('https');
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(name));
const behind = Number(process.argv[2]);

const server = https.createServer({ key, cert }, (request, response) => {
  const call = { host: '127.0.0.1', port: behind, path: `/behind${request.url}`, rejectUnauthorized: false, agent: false };
  https.get(call, (answer) => {
    const truth = { pid: process.pid, port: answer.socket.localPort, method: 'GET', target: call.path, status: answer.statusCode };
    answer.resume();
    answer.on('end', () => response.end('small\n', () => console.log(JSON.stringify(truth))));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
