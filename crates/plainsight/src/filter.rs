//! Filters: which accesses a user wants to see; the same words for every command.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use model::access::Access;
use model::exchange::Outcome;
use model::process::Process;

/// Which accesses are wanted. Values of one filter are alternatives; all filters given must agree.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filter {
    /// A process id, at either end.
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,
    /// A process name, at either end.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    name: Vec<String>,
    /// A database user, or the user of a process at either end.
    #[arg(long, value_name = "USER", value_delimiter = ',')]
    user: Vec<String>,
    /// The beginning of a container id.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    container: Vec<String>,
    /// A port, at either end.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,
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

impl Filter {
    /// Whether an access is wanted.
    pub(crate) fn admits(&self, access: &Access) -> bool {
        self.admits_ends(access) && self.admits_exchange(access)
    }

    fn admits_ends(&self, access: &Access) -> bool {
        let ends = [access.actor.as_deref(), access.peer.as_deref()];
        let process = |wanted: &dyn Fn(&Process) -> bool| ends.into_iter().flatten().any(wanted);
        let database_user = access.exchange.identity.as_ref().and_then(|who| who.user.as_deref());
        let ports = [access.opened.client.port(), access.opened.server.port()];
        any(&self.pid, |pid| process(&|p| p.pid == *pid))
            && any(&self.name, |name| process(&|p| *p.name == **name))
            && any(&self.user, |user| {
                database_user == Some(user) || process(&|p| p.user.as_deref() == Some(user))
            })
            && any(&self.container, |id| {
                process(&|p| p.container.as_deref().is_some_and(|c| c.starts_with(id.as_str())))
            })
            && any(&self.port, |port| ports.contains(&Some(*port)))
    }

    fn admits_exchange(&self, access: &Access) -> bool {
        let exchange = &access.exchange;
        let database = exchange.identity.as_ref().and_then(|who| who.database.as_deref());
        let latency = exchange.answered.map(|answered| answered.since(exchange.asked));
        any(&self.protocol, |protocol| exchange.protocol == protocol)
            && any(&self.database, |name| database == Some(name))
            && any(&self.operation, |word| exchange.request.operation.eq_ignore_ascii_case(word))
            && any(&self.target, |name| exchange.request.targets.iter().any(|t: &Arc<str>| **t == **name))
            && self.slower_than.is_none_or(|least| latency.is_some_and(|l| u128::from(l) > least.as_nanos()))
            && (!self.errors || matches!(exchange.response.outcome, Outcome::Error | Outcome::Unanswered))
    }
}

/// Whether no alternative is asked for, or one of them holds.
fn any<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}
