//! Filters: which accesses a user wants to see; the same words for every command.

use std::time::Duration;

use clap::Args;
use model::access::Access;
use model::event::Opened;
use model::exchange::Outcome;
use model::process::Process;

/// Which connections are wanted, as far as their ends tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Ends {
    /// A process id, at either end.
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,
    /// A process name, at either end.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    name: Vec<String>,
    /// The beginning of a container id.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    container: Vec<String>,
    /// A port, at either end.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,
    /// A process that is wanted with all that it starts.
    #[arg(skip)]
    root: Option<u32>,
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
        let process = |wanted: &dyn Fn(&Process) -> bool| processes.into_iter().flatten().any(wanted);
        let ports = [opened.client.port(), opened.server.port()];
        self.root.is_none_or(|root| process(&|p| p.pid == root || p.ancestors.contains(&root)))
            && any(&self.pid, |pid| process(&|p| p.pid == *pid))
            && any(&self.name, |name| process(&|p| *p.name == **name))
            && any(&self.container, |id| {
                process(&|p| p.container.as_deref().is_some_and(|c| c.starts_with(id.as_str())))
            })
            && any(&self.port, |port| ports.contains(&Some(*port)))
    }
}

impl Filter {
    /// What is wanted of a connection's ends.
    pub(crate) fn ends(&self) -> &Ends {
        &self.ends
    }

    /// The same, of this process and all that it starts alone.
    pub(crate) fn below(mut self, root: u32) -> Self {
        self.ends.root = Some(root);
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
