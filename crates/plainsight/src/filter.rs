//! Filters: which accesses a user wants to see; the same words for every command.

use std::fs;
use std::time::Duration;

use capture::kernel::choice::{Choice, Direction, NAME};
use clap::{Args, ValueEnum};
use model::access::Access;
use model::conn::Role;
use model::event::Opened;
use model::exchange::Outcome;
use model::process::Process;

/// Which connections are wanted, as far as their ends tell: all of this is told to the kernel side, so that what it
/// excludes costs nothing more; what a [`Filter`] has besides is known only once bytes were understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Ends {
    /// A process, and all that it starts, at either end.
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,
    /// A process name, at either end; the kernel keeps 15 letters of it.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = kept_name)]
    name: Vec<String>,
    /// The beginning of a container id.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    container: Vec<String>,
    /// A port, at either end.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,
    /// Who a process runs as, at either end: a user's name or number.
    #[arg(long, value_name = "USER", value_delimiter = ',', value_parser = uid)]
    uid: Vec<u32>,
    /// Connections that a process of this host made, or that it accepted; with other filters, such a process.
    #[arg(long, value_name = "WAY")]
    direction: Option<Way>,
    /// A process that is wanted with all that it starts.
    #[arg(skip)]
    root: Option<u32>,
}

/// Which end of a connection a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// It made the connection.
    Out,
    /// It accepted the connection.
    In,
}

/// Which accesses are wanted. Values of one filter are alternatives; all filters given must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filter {
    #[command(flatten)]
    ends: Ends,
    /// A database user, or the user of a process at either end.
    #[arg(long, value_name = "USER", value_delimiter = ',')]
    user: Vec<String>,
    /// A protocol (`postgresql`, `http`).
    #[arg(long, value_name = "PROTOCOL", value_delimiter = ',')]
    protocol: Vec<String>,
    /// A database.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    database: Vec<String>,
    /// An operation (`SELECT`, `GET`), whatever its case.
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    operation: Vec<String>,
    /// A table, collection, topic or path.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    target: Vec<String>,
    /// Only what took longer (`250ms`, `2s`).
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    slower_than: Option<Duration>,
    /// Only errors and what was not answered.
    #[arg(long)]
    errors: bool,
}

impl Ends {
    /// Whether a connection with these ends, and these processes at them, is wanted.
    pub(crate) fn admit(&self, opened: &Opened, processes: [Option<&Process>; 2]) -> bool {
        let held = self.direction.map_or(processes, |way| [held(way, opened.role, processes), None]);
        let process = |wanted: &dyn Fn(&Process) -> bool| held.into_iter().flatten().any(wanted);
        let comes_from = |pid| process(&|p| p.pid == pid || p.ancestors.contains(&pid));
        let ports = [opened.client.port(), opened.server.port()];
        (self.direction.is_none() || process(&|_| true))
            && self.root.is_none_or(comes_from)
            && any(&self.pid, |pid| comes_from(*pid))
            && any(&self.uid, |uid| process(&|p| p.uid == *uid))
            && any(&self.name, |name| process(&|p| *p.name == **name))
            && any(&self.container, |id| {
                process(&|p| p.container.as_deref().is_some_and(|c| c.starts_with(id.as_str())))
            })
            && any(&self.port, |port| ports.contains(&Some(*port)))
    }

    /// The same in the kernel side's words. What is started to be watched does not run yet: all that we start is wanted.
    pub(crate) fn choice(&self, of_whom: Whom) -> Choice {
        Choice {
            pids: match of_whom {
                Whom::Anybody => self.pid.clone(),
                Whom::Started => vec![std::process::id()],
            },
            names: self.name.clone(),
            uids: self.uid.clone(),
            containers: self.container.clone(),
            ports: self.port.clone(),
            direction: self.direction.map(|way| match way {
                Way::Out => Direction::Out,
                Way::In => Direction::In,
            }),
            ..Choice::default()
        }
    }
}

/// Whose connections may be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Those of every process.
    Anybody,
    /// Those of the program that is started to be watched, and of what it starts.
    Started,
}

/// The process that made a connection, or that accepted it, if it is on this host.
fn held(way: Way, role: Role, [actor, peer]: [Option<&Process>; 2]) -> Option<&Process> {
    match (way, role) {
        (Way::Out, Role::Client | Role::Both) | (Way::In, Role::Server) => actor,
        (Way::In, Role::Both) => peer,
        (Way::Out, Role::Server) | (Way::In, Role::Client) | (_, Role::Observer) => None,
    }
}

/// A name as far as the kernel keeps it.
fn kept_name(name: &str) -> Result<String, String> {
    let end = (0..=name.len().min(NAME)).rev().find(|end| name.is_char_boundary(*end));
    Ok(name.get(..end.unwrap_or(0)).unwrap_or_default().to_owned())
}

/// A user's number, also by the name that `/etc/passwd` gives it.
fn uid(user: &str) -> Result<u32, String> {
    if let Ok(number) = user.parse() {
        return Ok(number);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let entry = users.lines().find_map(|line| line.strip_prefix(user)?.strip_prefix(':'));
    let number = entry.and_then(|rest| rest.split(':').nth(1)?.parse().ok());
    number.ok_or_else(|| "no such user in /etc/passwd; a number will do".to_owned())
}

impl Filter {
    /// What is wanted of a connection's ends.
    pub(crate) fn ends(&self) -> &Ends {
        &self.ends
    }

    /// The same, of this process and all that it starts alone, if there is one.
    pub(crate) fn below(mut self, root: Option<u32>) -> Self {
        self.ends.root = root;
        self
    }

    /// Whether an access is wanted.
    pub(crate) fn admits(&self, access: &Access) -> bool {
        let processes = [access.actor.as_deref(), access.peer.as_deref()];
        let exchange = &access.exchange;
        let session = exchange.identity.as_deref();
        let (user, database) =
            (session.and_then(|s| s.user.as_deref()), session.and_then(|s| s.database.as_deref()));
        let runs_as = |name: &str| processes.into_iter().flatten().any(|p| p.user.as_deref() == Some(name));
        let latency = exchange.answered.map(|answered| answered.since(exchange.asked));
        self.ends.admit(&access.opened, processes)
            && any(&self.user, |name| user == Some(name) || runs_as(name))
            && any(&self.protocol, |protocol| exchange.protocol == protocol)
            && any(&self.database, |name| database == Some(name))
            && any(&self.operation, |word| exchange.request.operation.eq_ignore_ascii_case(word))
            && any(&self.target, |name| exchange.request.targets.iter().any(|t| **t == **name))
            && self.slower_than.is_none_or(|least| latency.is_some_and(|l| u128::from(l) > least.as_nanos()))
            && (!self.errors || matches!(exchange.response.outcome, Outcome::Error | Outcome::Unanswered))
    }
}

/// Whether no alternative is asked for, or one of them holds.
fn any<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}
