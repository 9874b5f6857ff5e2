//! Records fixtures of servers that are one program each: stores of keys and values, queues.

mod couchbase;
mod memcached;
mod redis;

use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;
use crate::server::Server;

/// A store, and what is recorded of it.
pub(crate) struct Store {
    /// Its protocol's name in records.
    pub(crate) protocol: &'static str,
    /// Where its fixtures live.
    pub(crate) fixtures: &'static str,
    /// The server's program, and its words, of which `PORT` stands for its port.
    pub(crate) server: &'static [&'static str],
    /// Files beside the server, by their names, in which `PORT` stands for its port too.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// What its name is in a fixture's first line, and the program and the option that tell its version.
    pub(crate) called: [&'static str; 3],
    pub(crate) scenarios: &'static [Scenario],
}

/// One thing that a client does.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    /// Which of the client's connections the fixture shows.
    pub(crate) connection: usize,
}

/// A client, with what it does.
pub(crate) enum Client {
    /// A Python script, and the module whose version is told.
    Python(&'static str, &'static str),
    /// The same, with the version of the protocol that it speaks, and lines that it says.
    Lines([&'static str; 2], &'static str, &'static str),
}

/// Records Redis.
pub(crate) fn redis(options: &Options) -> Outcome<()> {
    record(&redis::STORE, options)
}

/// Records memcached.
pub(crate) fn memcached(options: &Options) -> Outcome<()> {
    record(&memcached::STORE, options)?;
    record(&memcached::GUARDED, options)
}

/// Records Couchbase's data service.
pub(crate) fn couchbase(options: &Options) -> Outcome<()> {
    record(&couchbase::STORE, options)
}

/// Starts a server for each scenario, runs its client, and writes the fixture.
pub(crate) fn record(store: &Store, options: &Options) -> Outcome<()> {
    for scenario in store.scenarios.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(store.server, store.files)?;
        let relay = Relay::open(server.address)?;
        let program = speak(scenario, options, &relay, &server)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let talk =
            talks.get(scenario.connection).ok_or(format!("{}: no connection was made", scenario.name))?;
        let [name, told_by, option] = store.called;
        let program = format!("{name} {}, {program}", version(Command::new(told_by).arg(option))?);
        write(store, scenario, &program, talk)?;
    }
    Ok(())
}

/// Runs the client, and says which program it was.
fn speak(scenario: &Scenario, options: &Options, relay: &Relay, server: &Server) -> Outcome<String> {
    let port = relay.address.port().to_string();
    let (script, module) = match scenario.client {
        Client::Python(script, module) | Client::Lines([script, module], ..) => (script, module),
    };
    let mut command = Command::new(&options.python);
    command.args(["-c", script]).env("PORT", &port).env("SERVER_PORT", server.address.port().to_string());
    if let Client::Lines(_, protocol, lines) = scenario.client {
        command.env("PROTOCOL", protocol).env("LINES_TO_SAY", lines);
    }
    run(command.stdin(Stdio::null())).map_err(|e| format!("{}: {e}", scenario.name))?;
    let script = match module {
        "socket" => "import platform; print('a socket of Python', platform.python_version())".to_owned(),
        // Debian's package of it tells its version in no other way.
        "proton" => {
            "import proton; print('python-qpid-proton', '.'.join(map(str, proton.VERSION)))".to_owned()
        }
        "activemq" => {
            "import os; print('its client', max(os.listdir('/usr/share/maven-repo/org/apache/activemq/activemq-client')))"
                .to_owned()
        }
        "nginx" => "import subprocess; print(subprocess.run(['nginx', '-v'], stderr=-1, text=True).stderr.split()[2])".to_owned(),
        module => format!("from importlib.metadata import version; print('{module}', version('{module}'))"),
    };
    Ok(run(Command::new(&options.python).args(["-c", &script]))?.trim().to_owned())
}

/// The first number with a point in what a program says; some end badly when they were asked for no more.
fn version(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut words = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    let number = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    Ok(number.ok_or(format!("{command:?} does not tell its version"))?.to_owned())
}

fn write(store: &Store, scenario: &Scenario, program: &str, talk: &[Line]) -> Outcome<()> {
    let mut text = format!("# {}: {program}\n", store.protocol);
    text.push_str(&shortened(talk));
    keep(store.fixtures, scenario.name, &text)
}
