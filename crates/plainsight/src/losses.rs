//! The loss ledger in the statistics: what became of every byte, and the connections that lost most.

use std::fmt::Write;

use model::conn::Address;
use serde_json::{Value, json};
use track::account::Account;
use track::ledger::{Ledger, Lossy};

use crate::cli::Output;

/// Whether each connection is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    /// Only how many there are.
    No,
    /// Those that lost most, a line each.
    Yes,
}

impl Apart {
    /// As the user asks for.
    pub(crate) fn of(output: &Output) -> Self {
        if output.verbose { Apart::Yes } else { Apart::No }
    }
}

/// The ledger in words; nothing where nothing was lost.
pub(crate) fn tell(ledger: &Ledger, apart: Apart) -> String {
    let mut text = String::new();
    if ledger.wrong > 0 {
        _ = writeln!(
            text,
            "the accounts of {} connections do not hold, which is a fault of plainsight",
            ledger.wrong
        );
    }
    if ledger.lossy == 0 {
        return text;
    }
    let total = &ledger.total;
    _ = writeln!(
        text,
        "connections that lost bytes: {}; of {} bytes in all {} were read, and lost {}",
        ledger.lossy,
        total.produced - total.elsewhere - total.ciphertext,
        total.parsed,
        causes(total)
    );
    if apart == Apart::Yes {
        ledger.iter().for_each(|lossy| tell_one(&mut text, lossy));
        let others = ledger.lossy.saturating_sub(ledger.iter().count() as u64);
        if others > 0 {
            _ = writeln!(text, "  and {others} that lost less");
        }
    }
    text
}

fn tell_one(text: &mut String, lossy: &Lossy) {
    let [client, server] = [&lossy.opened.client, &lossy.opened.server].map(end);
    let who = lossy.opened.process.as_deref().map_or("", |process| &process.name);
    _ = write!(text, "  {who} {client} → {server}:");
    for (whose, account) in ["client", "server"].into_iter().zip(&lossy.accounts) {
        if account.lost.total() > 0 {
            _ = write!(text, " of the {whose}'s {} bytes lost {};", account.produced, causes(account));
        }
    }
    text.truncate(text.trim_end_matches(';').len());
    text.push('\n');
}

fn causes(account: &Account) -> String {
    let causes = account.lost.iter().map(|(cause, bytes)| format!("{} {bytes}", cause.name()));
    causes.collect::<Vec<_>>().join(", ")
}

fn end(address: &Address) -> String {
    match address {
        Address::Inet(address) => address.to_string(),
        Address::Unix(path) => path.to_string(),
        Address::Unknown => "?".to_owned(),
    }
}

/// The ledger as a JSON object: all accounts together, and those of the connections that lost most.
pub(crate) fn json(ledger: &Ledger) -> Value {
    let connections: Vec<_> = ledger.iter().map(connection).collect();
    json!({
        "total": account(&ledger.total), "lossy": ledger.lossy, "wrong": ledger.wrong, "connections": connections,
    })
}

fn connection(lossy: &Lossy) -> Value {
    let conn = lossy.conn;
    let name = |process: &model::process::Process| json!({ "pid": process.pid, "name": process.name });
    let [client, server] = &lossy.accounts;
    json!({
        "connection": format!("{}/{}/{}", conn.tgid, conn.fd, conn.generation),
        "client": end(&lossy.opened.client), "server": end(&lossy.opened.server),
        "process": lossy.opened.process.as_deref().map(name), "peer_process": lossy.peer.as_deref().map(name),
        "from_client": account(client), "from_server": account(server),
    })
}

fn account(account: &Account) -> Value {
    let lost: serde_json::Map<_, _> =
        account.lost.iter().map(|(cause, bytes)| (cause.name().to_owned(), bytes.into())).collect();
    json!({
        "socket": account.socket, "produced": account.produced, "captured": account.captured,
        "elsewhere": account.elsewhere, "ciphertext": account.ciphertext, "parsed": account.parsed,
        "waiting": account.waiting, "lost": lost, "unaccounted": account.unaccounted,
    })
}
