// Makes calls on many connections of one event loop, whose TLS is inside the executable and never sees the socket.
const scheme = process.argv[2];
const web = require(scheme);
const [port, connections, calls] = process.argv.slice(3).map(Number);

function work(name, call, agent) {
  const path = `/small.txt?node=${name}&call=${call}`;
  web.get({ agent, host: '127.0.0.1', port, path, rejectUnauthorized: false }, (answer) => {
    const socket = answer.socket;
    const local = socket.localPort;
    const fd = (socket._handle._parent ?? socket._handle).fd;
    answer.resume();
    answer.on('end', () => {
      console.log(JSON.stringify({
        pid: process.pid, fd, port: local, method: 'GET', target: path, status: answer.statusCode,
      }));
      if (call + 1 < calls) setTimeout(work, name % 7, name, call + 1, agent);
      else agent.destroy();
    });
  });
}

for (let name = 0; name < connections; name++) {
  work(name, 0, new web.Agent({ keepAlive: true, maxSockets: 1 }));
}
