//! Records fixtures of directories, mail and files: a server of Debian, and clients as one starts them at a shell.

mod ftp;
mod ldap;
mod mailbox;
mod server;
mod smtp;

use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;

use server::Server;

/// A server, and what is recorded of it.
struct Service {
    /// Its protocol's name in records.
    protocol: &'static str,
    /// Where its fixtures live.
    fixtures: &'static str,
    scenarios: &'static [Scenario],
}

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    server: &'static server::Program,
    /// What the client is, and the words that make it tell its version.
    client: [&'static str; 2],
    /// A script of `sh`: `PORT` is where the server is reached, `PYTHON` the Python with the clients' packages.
    script: &'static str,
}

/// Records FTP.
pub(crate) fn ftp(options: &Options) -> Outcome<()> {
    record(&ftp::SERVICE, options)
}

/// Records LDAP.
pub(crate) fn ldap(options: &Options) -> Outcome<()> {
    record(&ldap::SERVICE, options)
}

/// Records SMTP and LMTP.
pub(crate) fn smtp(options: &Options) -> Outcome<()> {
    record(&smtp::SERVICE, options)
}

/// Records IMAP.
pub(crate) fn imap(options: &Options) -> Outcome<()> {
    record(&mailbox::IMAP, options)
}

/// Records POP3.
pub(crate) fn pop3(options: &Options) -> Outcome<()> {
    record(&mailbox::POP3, options)
}

/// Starts a server for each scenario, runs its client, and writes what was said on its first connection.
fn record(service: &Service, options: &Options) -> Outcome<()> {
    for scenario in service.scenarios.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(scenario.server, &options.python)?;
        let relay = Relay::open(server.address)?;
        let mut client = Command::new("sh");
        client.args(["-c", scenario.script]).env("PORT", relay.address.port().to_string());
        client.env("PYTHON", &options.python).current_dir(&server.folder).stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let talk = talks.first().ok_or(format!("{}: no connection was made", scenario.name))?;
        write(service, scenario, options, talk)?;
    }
    Ok(())
}

fn write(service: &Service, scenario: &Scenario, options: &Options, talk: &[Line]) -> Outcome<()> {
    let [client, words] = scenario.client;
    let client = format!("{client} {}", version(words, options)?);
    let [server, words] = scenario.server.called;
    let mut text = format!("# {}: {server} {}, {client}\n", service.protocol, version(words, options)?);
    text.push_str(&as_said(talk));
    keep(service.fixtures, scenario.name, &text)
}

/// The first number with a point in what a program says.
fn version(words: &str, options: &Options) -> Outcome<String> {
    let mut command = Command::new("sh");
    let said = run(command.args(["-c", &format!("({words}) 2>&1")]).env("PYTHON", &options.python))?;
    let mut words = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    let number = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    Ok(number.ok_or(format!("{command:?} does not tell its version"))?.trim_end_matches('.').to_owned())
}
