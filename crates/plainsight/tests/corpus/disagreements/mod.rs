//! Where we and another project hear different things, who is right, and how that was found out.

mod dns;
mod ftp;
mod grpc;
mod http;
mod kafka;
mod ldap;
mod memcached;
mod mqtt;
mod mysql;
mod postgresql;
mod redis;
mod smtp;

use std::collections::BTreeMap;

use crate::captures::Capture;

/// Who says a line that the other does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Theirs,
}

/// Lines of one capture that only one side says.
pub(crate) struct Disagreement {
    capture: &'static str,
    whose: Whose,
    /// What every such line holds.
    holding: &'static str,
    /// In how many lines.
    times: usize,
    /// Who is right, and why.
    verdict: &'static str,
}

/// Whether the verdict at this place of the table is that we are wrong.
pub(crate) fn is_our_fault(at: usize) -> bool {
    listed().nth(at).is_some_and(|it| it.verdict.starts_with("theirs"))
}

/// The place in the table of what explains `line`.
pub(crate) fn find(capture: &Capture, whose: Whose, line: &str) -> Option<usize> {
    let explains =
        |it: &Disagreement| it.capture == capture.name && it.whose == whose && line.contains(it.holding);
    listed().position(explains)
}

/// What is listed and was not met as often as the table says.
pub(crate) fn unused(met: &BTreeMap<usize, usize>, captures: &[Capture]) -> Vec<String> {
    let there = |it: &Disagreement| captures.iter().any(|capture| capture.name == it.capture);
    let listed = listed().enumerate().filter(|(_, it)| there(it));
    let wrong = listed.filter_map(|(at, it)| {
        let met = met.get(&at).copied().unwrap_or_default();
        let Disagreement { capture, whose, holding, times, verdict } = it;
        (met != *times)
            .then(|| format!("{capture} {whose:?} '{holding}': {met} times, not {times} ({verdict})"))
    });
    wrong.collect()
}

/// All of them, in the order of their places.
fn listed() -> impl Iterator<Item = &'static Disagreement> {
    let all = [
        dns::LISTED,
        ftp::LISTED,
        grpc::LISTED,
        http::LISTED,
        kafka::LISTED,
        ldap::LISTED,
        memcached::LISTED,
        mqtt::LISTED,
        mysql::LISTED,
        postgresql::LISTED,
        redis::LISTED,
        smtp::LISTED,
    ];
    all.into_iter().flatten()
}
