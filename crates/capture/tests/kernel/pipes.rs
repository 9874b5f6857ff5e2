//! Programs that speak through pipes, against what they say of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use capture::kernel::{Options, Pipes};
use model::conn::{ConnId, Layer, Role, Speaker, Transport};
use model::event::{Cause, Joined};

use super::{Talk, Talks, Watched, accounts_hold, balances, hear_out, kernel};

fn hearing() -> Option<Watched> {
    kernel(&Options { pipes: Pipes::Heard, ..Options::default() })
}

fn speaking(kind: &str) -> Child {
    // Another one in PATH may be a script that starts it, by pipes of its own.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/pipes.py");
    Command::new("/usr/bin/python3").arg(path).arg(kind).stdout(Stdio::piped()).spawn().expect("python3")
}

/// The ends of the program's pipes, but for the one that it tells this test by.
fn ends(talks: &Talks) -> Vec<(&ConnId, &Talk)> {
    let is_ours = |talk: &Talk| {
        let opened = &talk.opened[0];
        let process = opened.process.as_ref();
        opened.transport == Transport::Pipe
            && process.is_some_and(|process| process.command.contains("pipes.py"))
    };
    let tells = |conn: &ConnId, talk: &Talk| conn.fd == 1 && talk.opened[0].role == Role::Client;
    talks.iter().filter(|(conn, talk)| is_ours(talk) && !tells(conn, talk)).collect()
}

fn words(ends: &[(&ConnId, &Talk)], is_client: bool) -> String {
    let said = ends.iter().filter_map(|(_, talk)| talk.said.get(&(Layer::Wire, is_client)));
    said.map(|bytes| String::from_utf8_lossy(bytes)).collect()
}

/// The program is heard as it says, by both of its ends and once.
fn is_heard(kind: &str) -> Option<Talks> {
    let mut kernel = hearing()?;
    let (talks, told) = hear_out(&mut kernel, speaking(kind));
    let (said, heard) = told.trim_end_matches('\n').split_once('\t').expect("two words");
    let ours = ends(&talks);
    assert_eq!((words(&ours, true).as_str(), words(&ours, false).as_str()), (said, heard), "{ours:#?}");
    assert_eq!(ours.len(), 2, "both ends are known: {ours:#?}");
    assert_eq!(ours.iter().filter(|(_, talk)| talk.opened[0].peer.is_some()).count(), 1, "{ours:#?}");
    let roles = |role| ours.iter().filter(|(_, talk)| talk.opened[0].role == role).count();
    assert_eq!((roles(Role::Client), roles(Role::Server)), (1, 1), "{ours:#?}");
    assert!(ours.iter().all(|(_, talk)| talk.closed.is_some() && talk.lost.is_empty()), "{ours:#?}");
    accounts_hold(&talks);
    balances(kernel);
    Some(talks)
}

/// What a program and the one that it started say is one connection, from its beginning.
fn is_joined(kind: &str) {
    let Some(talks) = is_heard(kind) else { return };
    let ours = ends(&talks);
    assert!(ours.iter().all(|(_, talk)| talk.opened[0].joined == Joined::AtStart), "{ours:#?}");
    let pids: Vec<_> = ours.iter().map(|(conn, _)| conn.tgid).collect();
    assert_ne!(pids[0], pids[1], "{ours:#?}");
}

#[test]
fn every_call_is_heard_on_a_pipe() {
    is_heard("single");
}

#[test]
fn every_call_is_heard_on_a_fifo() {
    is_heard("fifo");
}

#[test]
fn what_is_spliced_into_a_pipe_is_heard_where_it_is_read() {
    is_heard("spliced");
}

#[test]
fn two_pipes_of_a_started_program_are_one_connection() {
    is_joined("duplex");
}

#[test]
fn two_socket_pairs_of_a_started_program_are_one_connection() {
    is_joined("sockets");
}

#[test]
fn a_socket_pair_and_a_pipe_are_one_connection() {
    is_joined("mixed");
}

/// A shell becomes another one, which starts the program: the pipes are inherited over all of them.
#[test]
fn pipes_are_inherited() {
    is_joined("wrapped");
}

/// It has two pipes, with two others.
#[test]
fn the_middle_of_a_pipeline_is_no_connection() {
    let Some(mut kernel) = hearing() else { return };
    let (talks, _) = hear_out(&mut kernel, speaking("line"));
    let ours = ends(&talks);
    let said: Vec<String> =
        ours.iter().map(|end| words(&[*end], true)).filter(|said| !said.is_empty()).collect();
    assert_eq!(said.len(), 2, "{ours:#?}");
    assert!(said.iter().any(|said| said == "question;"), "{ours:#?}");
    assert!(said.iter().any(|said| said == "to question;"), "{ours:#?}");
    assert_eq!(words(&ours, false), "", "{ours:#?}");
    accounts_hold(&talks);
    balances(kernel);
}

fn loses(kind: &str, said: &str, lost: &[(Layer, Speaker, u64, Cause)]) {
    let Some(mut kernel) = hearing() else { return };
    let (talks, _) = hear_out(&mut kernel, speaking(kind));
    let ours = ends(&talks);
    assert_eq!(words(&ours, true), said, "{ours:#?}");
    let losses: Vec<_> = ours.iter().flat_map(|(_, talk)| &talk.lost).copied().collect();
    assert_eq!(losses, lost, "{ours:#?}");
    accounts_hold(&talks);
    balances(kernel);
}

#[test]
fn what_is_spliced_out_of_a_pipe_is_told_as_unseen() {
    loses("unseen", "tail", &[(Layer::Wire, Speaker::Client, 500, Cause::Unseen)]);
}

/// Nobody can answer on it: what it is shows at its beginning.
#[test]
fn of_a_pipe_alone_the_beginning_is_told() {
    loses("long", &"y".repeat(5000), &[(Layer::Wire, Speaker::Client, 95_000, Cause::Limit)]);
}

#[test]
fn what_nobody_read_was_not_said() {
    let Some(mut kernel) = hearing() else { return };
    let (talks, _) = hear_out(&mut kernel, speaking("unread"));
    let ours = ends(&talks);
    let [(_, talk)] = ours.as_slice() else { panic!("one end was used: {ours:#?}") };
    assert!(talk.said.is_empty() && talk.lost.is_empty() && talk.closed.is_some(), "{talk:#?}");
    let counted = talk.counted.as_ref().expect("an account");
    assert_eq!((counted[0].seen, counted[0].twice, counted[0].socket), ([17, 0], [17, 0], None), "{talk:#?}");
    balances(kernel);
}

#[test]
fn pipes_are_not_heard_unless_it_is_asked_for() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    for kind in ["single", "duplex"] {
        let (talks, _) = super::hear(&mut kernel, speaking(kind));
        assert!(talks.values().all(|talk| talk.opened[0].transport != Transport::Pipe), "{talks:#?}");
    }
    balances(kernel);
}
